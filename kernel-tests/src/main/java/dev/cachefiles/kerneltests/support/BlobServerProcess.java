// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The example {@code blob-server}, run as its users run it. */
public final class BlobServerProcess implements AutoCloseable {
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(180);

    private static final Path OUT = Path.of("/out");

    private final Process process;
    private final Path output;

    private BlobServerProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /** Starts the server and waits until it is ready. */
    public static BlobServerProcess start(Path cache, Path blobs, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("--cache-dir", cache.toString(), "--blobs", blobs.toString()));
        arguments.addAll(List.of(more));
        return run(arguments.toArray(String[]::new));
    }

    /** Starts the server with any arguments and waits until it is ready. */
    public static BlobServerProcess run(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("examples/blob-server/bin/blob-server"));
        command.addAll(List.of(arguments));
        // Where it stays when the virtual machine has gone.
        Path output = Files.createTempFile(Files.isWritable(OUT) ? OUT : Path.of("/tmp"), "blob-server", ".log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        var server = new BlobServerProcess(process, output);
        try {
            server.awaitLine("ready");
        } catch (Throwable t) {
            server.close(); // or it would hold the device against all tests that follow
            throw t;
        }
        return server;
    }

    /** Waits until the server has printed a line that contains a text. */
    public void awaitLine(String text) throws IOException {
        long start = System.nanoTime();
        while (Files.readAllLines(output).stream().noneMatch(line -> line.contains(text))) {
            if (!process.isAlive() || System.nanoTime() - start > TIMEOUT_NANOS) {
                throw new AssertionError("blob-server has not printed '" + text + "' but: " + log());
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    /** All that the server has printed. */
    public String log() throws IOException {
        return Files.readString(output);
    }

    /** The server's process. */
    public Process process() {
        return process;
    }

    /** Sends SIGTERM and waits for the end; gives the exit status. */
    public int terminate() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(180, TimeUnit.SECONDS)) {
                throw new AssertionError("blob-server has not ended after SIGTERM: " + log());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
