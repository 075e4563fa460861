// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.blob.Amplification;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.layer.AccessLists;
import dev.cachefiles.blob.layer.Prefetcher;
import dev.cachefiles.examples.blobserver.config.DaemonConfig;
import dev.cachefiles.examples.blobserver.config.ServerSection;
import dev.cachefiles.examples.blobserver.control.ControlServer;
import dev.cachefiles.examples.blobserver.support.Failures;
import dev.cachefiles.examples.blobserver.support.LogLines;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A server and all that belongs to it, from its start to its end. */
public final class Daemon {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");

    private final CacheOpener opener;
    private final ConfigSource source;
    private final boolean forATask;
    private final ServerStats stats = new ServerStats();
    private final OpenBlobs blobs = new OpenBlobs();
    private final PrefetchStatus prefetch = new PrefetchStatus();
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile @Nullable OnDemandServer server;
    private volatile @Nullable Reloader reloader;

    /**
     * Prepares a daemon.
     *
     * @param opener binds the cache
     * @param source what it is told
     * @param forATask whether it is only there for a task, which has failed when a signal ends the JVM
     */
    public Daemon(CacheOpener opener, ConfigSource source, boolean forATask) {
        this.opener = opener;
        this.source = source;
        this.forATask = forATask;
    }

    /**
     * Serves until it is told to stop, by {@link #stop} or by a signal.
     *
     * @param ready is run when mounts can be made
     * @throws IOException          if it cannot serve, or not any longer
     * @throws InterruptedException if the thread is interrupted
     */
    public void run(Runnable ready) throws IOException, InterruptedException {
        DaemonConfig config = source.read();
        var cache = new BoundCache(config, blobs);
        try (var router = new Router(cache.guard())) {
            var reloading = new Reloader(source, router, config);
            reloading.start();
            reloader = reloading;
            Optional<AccessLists> lists = config.prefetch().lists();
            BlobResolver resolver = lists.isPresent() ? lists.get().over(router) : router;
            Prefetcher ahead = config.prefetch().prefetcher(lists, prefetch).orElse(null);
            // Closed in this order: the server, which waits for what is in flight, the sources, what fetches ahead.
            try (ahead;
                    BlobHandler handler = handler(resolver, config.server().amplification(), ahead)) {
                CachefilesChannel channel = opener.open(config.cache().options());
                cache.bound(channel);
                try (OnDemandServer running = start(channel, handler, config);
                        Closeable _ = control(config.server().runtimeDirectory(), router, reloading, cache);
                        Closeable _ = watch(config.server().watchInterval(), reloading)) {
                    server = running;
                    serve(running, config.server(), ready);
                }
            }
        } finally {
            finished.countDown();
        }
    }

    /**
     * Makes all sources of a configuration, and closes them: no server is asked for that.
     *
     * @param config the configuration
     * @throws IOException if {@link #run} would fail with it, as far as can be told without binding the cache
     */
    public static void check(DaemonConfig config) throws IOException {
        try (var router = new Router(new BoundCache(config, new OpenBlobs()).guard())) {
            router.replace(config.sources(), Reloader.preflight(config));
        }
    }

    private static BlobHandler handler(BlobResolver resolver, Amplification amplification, @Nullable Prefetcher ahead) {
        return ahead == null
                ? new BlobHandler(resolver, amplification)
                : new BlobHandler(resolver, amplification, ahead);
    }

    private OnDemandServer start(CachefilesChannel channel, BlobHandler handler, DaemonConfig config) {
        ServerSection settings = config.server();
        OnDemandServer.Builder builder = OnDemandServer.builder(channel)
                .handler(handler)
                .listener(new Listeners(stats, blobs, prefetch))
                .threads(settings.threads())
                .openDeadline(settings.openDeadline())
                .readDeadline(settings.readDeadline());
        if (settings.virtualThreads(
                config.sources().stream().allMatch(entry -> entry.type().isLocal()))) {
            builder.virtualThreads();
        }
        config.cache().culling().ifPresent(builder::culling);
        return builder.start();
    }

    /** A daemon that cannot be controlled still serves, which is what it is for. */
    private Closeable control(Path directory, Router router, Reloader reloader, BoundCache cache) {
        try {
            return ControlServer.start(
                    directory,
                    Map.of(
                            "reload", reloader,
                            "status", new StatusControl(stats, blobs, prefetch),
                            "why", new WhyControl(blobs),
                            "open", new OpenControl(blobs),
                            "cull", new CullControl(cache),
                            "pull", new PullControl(blobs, router)));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "other commands cannot reach this daemon: {0}", Failures.describe(e));
            return () -> {};
        }
    }

    private Closeable watch(Duration interval, Reloader reloader) {
        Optional<Path> file = source.file();
        if (file.isEmpty() || interval.isZero()) {
            return () -> {};
        }
        return FileWatch.start(file.get(), interval, reloader::reloadAndLog);
    }

    private void serve(OnDemandServer running, ServerSection settings, Runnable ready)
            throws IOException, InterruptedException {
        var signal = new StopOnSignal(this::stop, finished, forATask);
        signal.install();
        StatsReporter reporter = StatsReporter.start(stats, settings.statsInterval());
        try {
            ready.run();
            running.awaitTermination();
        } finally {
            running.close();
            reporter.stop();
            LogLines.install(); // or what follows a signal would be lost
            LOG.log(System.Logger.Level.INFO, "stopped: {0}", stats.snapshot());
            signal.remove();
        }
    }

    /** Reads the configuration again, and logs what has become of it. Does nothing before it serves. */
    public void reload() {
        Reloader current = reloader;
        if (current != null) {
            current.reloadAndLog();
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
