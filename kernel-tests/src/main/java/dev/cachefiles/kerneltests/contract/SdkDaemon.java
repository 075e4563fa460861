// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A server of the library, and what its listener has heard. */
public final class SdkDaemon implements Closeable {
    private final OnDemandServer server;
    private final List<Throwable> openFailures = new CopyOnWriteArrayList<>();
    private final List<Throwable> readFailures = new CopyOnWriteArrayList<>();
    private final List<Throwable> troubles = new CopyOnWriteArrayList<>();
    private final List<CachefilesException> deaths = new CopyOnWriteArrayList<>();
    private final AtomicInteger rebirths = new AtomicInteger();

    private SdkDaemon(
            KernelUnderTest kernel,
            CachefilesChannel channel,
            OnDemandHandler handler,
            Consumer<OnDemandServer.Builder> more) {
        OnDemandServer.Builder builder = OnDemandServer.builder(channel)
                .handler(handler)
                .shutdownTimeout(Duration.ofSeconds(1))
                .listener(new Ears());
        more.accept(builder);
        server = builder.start();
        kernel.closeAtEnd(this);
    }

    /** Starts a server. */
    public static SdkDaemon start(KernelUnderTest kernel, OnDemandHandler handler) throws IOException {
        return start(kernel, handler, builder -> {});
    }

    /** Starts a server, with more options. */
    public static SdkDaemon start(
            KernelUnderTest kernel, OnDemandHandler handler, Consumer<OnDemandServer.Builder> more) throws IOException {
        return start(kernel, CachefilesChannel.open(kernel.options(), kernel.provider()), handler, more);
    }

    /** Starts a server on a channel of its own, with more options. */
    public static SdkDaemon start(
            KernelUnderTest kernel,
            CachefilesChannel channel,
            OnDemandHandler handler,
            Consumer<OnDemandServer.Builder> more) {
        return new SdkDaemon(kernel, channel, handler, more);
    }

    /** Why OPENs have failed. */
    public List<Throwable> openFailures() {
        return openFailures;
    }

    /** Why READs have failed. */
    public List<Throwable> readFailures() {
        return readFailures;
    }

    /** What has gone wrong besides. */
    public List<Throwable> troubles() {
        return troubles;
    }

    /** How the cache has died. */
    public List<CachefilesException> deaths() {
        return deaths;
    }

    /** How many times it was bound again. */
    public int rebirths() {
        return rebirths.get();
    }

    /** Waits until a condition holds. */
    public static void await(BooleanSupplier condition, String what) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > 60_000_000_000L) {
                throw new AssertionError("waited a minute for " + what);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Override
    public void close() {
        server.close();
    }

    private final class Ears implements OnDemandListener {
        @Override
        public void openFailed(OpenRequest request, Throwable cause) {
            openFailures.add(cause);
        }

        @Override
        public void readFailed(ReadRequest request, Throwable cause) {
            readFailures.add(cause);
        }

        @Override
        public void cacheDied(CachefilesException cause) {
            deaths.add(cause);
        }

        @Override
        public void cacheReopened() {
            rebirths.incrementAndGet();
        }

        @Override
        public void trouble(Throwable cause) {
            troubles.add(cause);
        }
    }
}
