// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.mount;

import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs programs, as processes that inherit nothing but their standard streams. */
final class Helper {

    private Helper() {}

    /**
     * How a program ended.
     *
     * @param status its exit status
     * @param errors what it has printed
     */
    record Result(int status, String errors) {}

    /** Starts a program whose output is to be read; what it prints is in English. */
    static Process start(String... command) throws IOException {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C");
        // What mount(8) and umount(8) need is in directories that need not be on an ordinary path.
        builder.environment().merge("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", (path, more) -> path + ":" + more);
        try {
            return builder.start();
        } catch (IOException e) {
            throw new Refusal(String.join(" ", List.of(command)) + ": cannot be run: " + e.getMessage());
        }
    }

    /** Runs a program to its end. */
    static Result run(String... command) throws IOException {
        Process process = start(command);
        process.getOutputStream().close();
        String errors = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            return new Result(process.waitFor(), errors);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + command[0] + " ran");
        }
    }
}
