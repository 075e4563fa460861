// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs commands, as processes of their own: a daemon neither mounts nor reads what it serves. */
public final class Shell {
    private static final long TIMEOUT_SECONDS = 180;

    private Shell() {}

    /** What a command has printed and how it has ended. */
    public record Result(int status, String output, String errors) {

        /** Gives the output of a command that must succeed. */
        public String orThrow() {
            if (status != 0) {
                throw new AssertionError("exit status " + status + ": " + errors + output);
            }
            return output;
        }
    }

    /** Runs a command to its end; the time is bounded. */
    public static Result run(String... command) {
        return finish(start(command), command);
    }

    /** Runs a script with sh; {@code $1} and so on are the arguments. */
    public static Result sh(String script, String... arguments) {
        String[] command = new String[arguments.length + 4];
        command[0] = "sh";
        command[1] = "-c";
        command[2] = script;
        command[3] = "sh";
        System.arraycopy(arguments, 0, command, 4, arguments.length);
        return run(command);
    }

    /** A command under way. */
    public record Running(Process process, Path output, Path errors) {

        /** Waits for the end; the time is bounded. */
        public Result await() {
            return finish(this);
        }

        /** Tells whether the process has not ended. */
        public boolean isAlive() {
            return process.isAlive();
        }

        /** Kills the process. */
        public void kill() {
            process.destroyForcibly();
        }
    }

    /** Starts a command. */
    public static Running start(String... command) {
        try {
            Path output = Files.createTempFile("shell", ".out");
            Path errors = Files.createTempFile("shell", ".err");
            Process process = new ProcessBuilder(command)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(output.toFile())
                    .redirectError(errors.toFile())
                    .start();
            return new Running(process, output, errors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Result finish(Running running, String... command) {
        try {
            if (!running.process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                running.process.destroyForcibly();
                throw new AssertionError(
                        List.of(command) + " has not ended after " + TIMEOUT_SECONDS + " s: " + text(running.errors));
            }
            var result = new Result(running.process.exitValue(), text(running.output), text(running.errors));
            Files.delete(running.output);
            Files.delete(running.errors);
            return result;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            running.process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while " + List.of(command) + " ran", e);
        }
    }

    /** What is not UTF-8 is replaced, not refused: some commands print files. */
    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}
