// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.rehearsal;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.examples.blobserver.BlobServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Plays twice that an image is mounted and read: one from a directory, served on the threads that wait for the kernel, and
 * one from a web server, on virtual threads. Is run by {@code launch --archive} alone.
 */
final class Rehearsal {
    private static final String IMAGE = "image";
    private static final int SIZE = 1 << 20;

    private final Path directory;

    private Rehearsal(Path directory) {
        this.directory = directory;
    }

    /**
     * Runs it: {@code DIRECTORY PASSWORD}, a directory of its own in which there are a certificate for 127.0.0.1, {@code
     * certificate.pem}, and its key, {@code keys.p12}.
     */
    public static void main(String[] arguments) throws Exception {
        var rehearsal = new Rehearsal(Path.of(arguments[0]));
        rehearsal.local();
        rehearsal.web(arguments[1]);
        System.exit(0);
    }

    private void local() throws IOException, ExecutionException, InterruptedException {
        Path blobs = Files.createDirectories(directory.resolve("blobs"));
        Files.write(blobs.resolve(IMAGE), new byte[SIZE]);
        serve(
                "local",
                "--cache-dir=" + directory.resolve("cache"),
                "--blobs=" + blobs,
                "--runtime-dir=" + directory.resolve("run"));
    }

    private void web(String password)
            throws IOException, GeneralSecurityException, ExecutionException, InterruptedException {
        try (var server = OneByteServer.start(keys(directory.resolve("keys.p12"), password))) {
            Path file = Files.writeString(directory.resolve("rehearsal.yaml"), """
                    cache: {directory: %1$s/cache}
                    server: {runtime: %1$s/run}
                    sources:
                      web: {type: http, url: "https://127.0.0.1:%2$d/", ca: %1$s/certificate.pem}
                    """.formatted(directory, server.port()));
            serve("web", "--config=" + file);
        }
    }

    private static SSLContext keys(Path file, String password) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, password.toCharArray());
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(store, password.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    /** Starts a daemon as the program does, lets it serve an image that is read from front to back, and stops it. */
    private void serve(String name, String... options) throws IOException, ExecutionException, InterruptedException {
        Path device = Files.createFile(directory.resolve(name + "-device"));
        var kernel = new RehearsalKernel(IMAGE, directory.resolve(name + "-object"));
        var program = new BlobServer(cache -> CachefilesChannel.open(cache, kernel));
        var command = new ArrayList<>(List.of(options));
        command.add("--device=" + device);
        var ended = new CompletableFuture<Integer>();
        Thread.ofPlatform().name(name).start(() -> ended.complete(program.start(command.toArray(String[]::new))));
        try {
            CompletableFuture.anyOf(kernel.done(), ended).get();
        } finally {
            stop(program, ended);
        }
        if (ended.get() != 0 || !kernel.done().isDone()) {
            throw new IOException("the daemon has not served " + name + ", exit status " + ended.get());
        }
    }

    /** The image may be read before the daemon is through with its start, and can be stopped. */
    private static void stop(BlobServer program, CompletableFuture<Integer> ended) throws InterruptedException {
        while (!ended.isDone()) {
            program.stop();
            Thread.sleep(1);
        }
    }
}
