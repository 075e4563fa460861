// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.examples.blobserver.config.CacheSection;
import dev.cachefiles.examples.blobserver.config.DaemonConfig;
import dev.cachefiles.examples.blobserver.config.ServerSection;
import dev.cachefiles.examples.blobserver.support.MountTable;
import dev.cachefiles.examples.blobserver.support.Preflight;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A server and all that belongs to it, from its start to its end. */
public final class Daemon {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");

    private final CacheOpener opener;
    private final DaemonConfig config;
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile @Nullable OnDemandServer server;

    /**
     * Prepares a daemon.
     *
     * @param opener binds the cache
     * @param config what it is told
     */
    public Daemon(CacheOpener opener, DaemonConfig config) {
        this.opener = opener;
        this.config = config;
    }

    /**
     * Serves until it is told to stop, by {@link #stop} or by a signal.
     *
     * @param out where {@code ready} is printed when mounts can be made
     * @throws IOException          if it cannot serve, or not any longer
     * @throws InterruptedException if the thread is interrupted
     */
    public void run(PrintWriter out) throws IOException, InterruptedException {
        try (var router = new Router();
                var handler = new BlobHandler(router)) {
            Preflight preflight = preflight(config.cache());
            preflight.ownCode();
            router.replace(config.sources(), preflight);
            preflight.cache();
            var stats = new ServerStats();
            CachefilesChannel channel = opener.open(config.cache().options());
            var running = start(channel, handler, stats);
            server = running;
            serve(running, stats, out);
        } finally {
            finished.countDown();
        }
    }

    private static Preflight preflight(CacheSection cache) throws IOException {
        Path directory = cache.options().directory();
        return new Preflight(
                MountTable.read(MountTable.SELF), cache.settings().label(CacheSection.DIRECTORY), directory);
    }

    private OnDemandServer start(CachefilesChannel channel, BlobHandler handler, ServerStats stats) {
        ServerSection settings = config.server();
        OnDemandServer.Builder builder = OnDemandServer.builder(channel)
                .handler(handler)
                .listener(stats)
                .threads(settings.threads())
                .openDeadline(settings.openDeadline())
                .readDeadline(settings.readDeadline());
        if (settings.virtualThreads(
                config.sources().stream().allMatch(source -> source.type().isLocal()))) {
            builder.virtualThreads();
        }
        return builder.start();
    }

    private void serve(OnDemandServer running, ServerStats stats, PrintWriter out)
            throws IOException, InterruptedException {
        var signal = new StopOnSignal(this::stop, finished);
        signal.install();
        StatsReporter reporter = StatsReporter.start(stats, config.server().statsInterval());
        try (running) {
            out.println("ready");
            out.flush();
            running.awaitTermination();
        } finally {
            reporter.stop();
            LOG.log(System.Logger.Level.INFO, "stopped: {0}", stats.snapshot());
            signal.remove();
        }
    }

    /** Stops to serve: {@link #run} returns when what is in flight has been answered. Does nothing before it serves. */
    public void stop() {
        OnDemandServer running = server;
        if (running != null) {
            running.close();
        }
    }
}
