// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.control.ControlClient;
import dev.cachefiles.examples.blobserver.daemon.CacheOpener;
import dev.cachefiles.examples.blobserver.daemon.ConfigSource;
import dev.cachefiles.examples.blobserver.daemon.Daemon;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A daemon inside a command, for as long as the command takes. */
final class OwnDaemon implements Closeable {
    private final Daemon daemon;
    private final ControlClient client;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private OwnDaemon(Daemon daemon, ControlClient client) {
        this.daemon = daemon;
        this.client = client;
    }

    /** Starts to serve; throws what makes it fail. */
    static OwnDaemon start(CacheOpener opener, ConfigSource source) throws IOException {
        var client = new ControlClient(source.read().server().runtimeDirectory());
        var own = new OwnDaemon(new Daemon(opener, source, true), client);
        var ready = new CompletableFuture<Void>();
        Thread.ofPlatform().daemon().name("daemon").start(() -> {
            try {
                own.daemon.run(() -> ready.complete(null));
                own.ended.complete(null);
            } catch (Throwable t) {
                own.ended.completeExceptionally(t);
                ready.completeExceptionally(t);
            }
        });
        await(ready);
        return own;
    }

    ControlClient client() {
        return client;
    }

    @Override
    public void close() throws IOException {
        daemon.stop();
        await(ended);
    }

    private static void await(CompletableFuture<Void> future) throws IOException {
        try {
            future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }
}
