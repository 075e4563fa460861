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
     * How a program has ended.
     *
     * @param status its exit status
     * @param output what it has printed on standard output, which may be a secret
     * @param error  the first line of standard error
     */
    public record Result(int status, String output, String error) {

        /**
         * Makes an exception of another status than 0, which does not show the output.
         *
         * @param name the program
         * @return the exception
         */
        public PermanentException failure(String name) {
            return new PermanentException(name + " has ended with status " + status + ": "
                    + (error.isBlank() ? "it says nothing on standard error" : error.strip()));
        }

        /** Not the secret. */
        @Override
        public String toString() {
            return "status " + status;
        }
    }

    /**
     * Runs a program that must end with status 0; see {@link #execute}.
     *
     * @param command the program and its arguments
     * @param input   what it is given on standard input
     * @return what it has printed on standard output
     * @throws IOException as {@link #execute} does, and a {@link PermanentException} for another status
     */
    public static String run(List<String> command, String input) throws IOException {
        Result result = execute(command, input);
        if (result.status() != 0) {
            throw result.failure(name(command));
        }
        return result.output();
    }

    private static String name(List<String> command) {
        return command.getFirst().equals("/bin/sh") ? "the command for credentials" : command.getFirst();
    }

    /**
     * Runs a program until it ends, for at most 30 seconds, or up to the deadline of the call; then it is killed.
     *
     * @param command the program and its arguments
     * @param input   what it is given on standard input
     * @return how it has ended
     * @throws PermanentException     if it cannot be started, or prints too much
     * @throws TransientException     if it does not end in time
     * @throws InterruptedIOException if the thread is interrupted
     * @throws IOException            if its output cannot be read
     */
    public static Result execute(List<String> command, String input) throws IOException {
        String name = name(command);
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
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
            if (Files.size(output) > MOST) {
                throw new PermanentException(name + " has printed more than " + MOST + " bytes");
            }
            String error = Files.readString(errors, StandardCharsets.ISO_8859_1)
                    .lines()
                    .findFirst()
                    .orElse("");
            return new Result(process.exitValue(), Files.readString(output), error);
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
