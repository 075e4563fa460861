// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What a process prints.
 *
 * @param file where it is kept
 */
public record OutputLog(Path file) {
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(120);

    /** Makes an empty log. */
    public static OutputLog create() throws IOException {
        return new OutputLog(Files.createTempFile("process", ".log"));
    }

    /** Lets a process to be started print here. */
    public ProcessBuilder of(ProcessBuilder builder) {
        return builder.redirectErrorStream(true).redirectOutput(file.toFile());
    }

    /** Waits until a process has printed a line. */
    public void awaitLine(String text, Process process) throws IOException {
        long start = System.nanoTime();
        while (!Files.readAllLines(file).contains(text)) {
            if (!process.isAlive() || System.nanoTime() - start > TIMEOUT_NANOS) {
                throw new AssertionError("no line '" + text + "' but: " + Files.readString(file));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }
}
