// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a program that prints something secret and short. */
public final class Program {
    private static final Duration LONGEST = Duration.ofSeconds(30);
    private static final int MOST = 64 * 1024;

    private Program() {}

    /**
     * Runs a program until it ends, for at most 30 seconds, or up to the deadline of the call; then it is killed.
     *
     * @param command the program and its arguments
     * @param input   what it is given on standard input
     * @return what it has printed on standard output
     * @throws PermanentException     if it cannot be started, prints too much, or ends with another status than 0; what it
     *     has printed is not shown, but for the first line of standard error
     * @throws TransientException     if it does not end in time
     * @throws InterruptedIOException if the thread is interrupted
     * @throws IOException            if its output cannot be read
     */
    public static String run(List<String> command, String input) throws IOException {
        String name = command.getFirst().equals("/bin/sh") ? "the command for credentials" : command.getFirst();
        Path output = Files.createTempFile("blob-server", ".out"); // readable by its owner alone
        Path errors = Files.createTempFile("blob-server", ".err");
        try {
            Process process;
            try {
                process = new ProcessBuilder(command)
                        .redirectOutput(output.toFile())
                        .redirectError(errors.toFile())
                        .start();
            } catch (IOException e) {
                throw new PermanentException(name + " cannot be run: " + e.getMessage(), e);
            }
            try {
                await(process, name, input);
            } finally {
                process.destroyForcibly();
            }
            if (process.exitValue() != 0) {
                String reason = Files.readString(errors, StandardCharsets.ISO_8859_1)
                        .lines()
                        .findFirst()
                        .orElse("it says nothing on standard error");
                throw new PermanentException(
                        name + " has ended with status " + process.exitValue() + ": " + reason.strip());
            }
            if (Files.size(output) > MOST) {
                throw new PermanentException(name + " has printed more than " + MOST + " bytes");
            }
            return Files.readString(output);
        } finally {
            Files.deleteIfExists(output);
            Files.deleteIfExists(errors);
        }
    }

    private static void await(Process process, String name, String input) throws IOException {
        try (OutputStream standardInput = process.getOutputStream()) {
            standardInput.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // It has not read its input, which is its own affair: its status and output tell.
        }
        try {
            if (!process.waitFor(Deadline.current().atMost(LONGEST).toNanos(), TimeUnit.NANOSECONDS)) {
                throw new TransientException(name + " has not ended in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for " + name);
        }
    }
}
