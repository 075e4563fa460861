// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs commands to their end. They are bounded by the time of the whole guest. */
final class Commands {
    private Commands() {}

    /**
     * Runs a command.
     *
     * @return what it has printed
     * @throws IOException if it does not end with 0; says what it has printed
     */
    static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.waitFor() != 0) {
            throw new IOException(List.of(command) + " ended with " + process.exitValue() + ": " + output);
        }
        return output;
    }
}
