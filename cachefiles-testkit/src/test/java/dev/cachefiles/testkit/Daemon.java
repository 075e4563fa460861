// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A server on a fake kernel, and what its listener has heard. */
final class Daemon implements AutoCloseable {
    static final CacheOptions OPTIONS =
            CacheOptions.builder(Path.of("/var/cache/images")).build();

    final List<Throwable> troubles = new CopyOnWriteArrayList<>();
    final List<Throwable> openFailures = new CopyOnWriteArrayList<>();
    final List<Throwable> readFailures = new CopyOnWriteArrayList<>();
    final List<ReadRequest> reads = new CopyOnWriteArrayList<>();
    final List<CloseRequest> closed = new CopyOnWriteArrayList<>();
    final List<CacheObject> complete = new CopyOnWriteArrayList<>();
    final Queue<Request> late = new ConcurrentLinkedQueue<>();
    final Queue<String> events = new ConcurrentLinkedQueue<>();
    final OnDemandServer server;

    private Daemon(FakeKernel kernel, OnDemandHandler handler, Consumer<OnDemandServer.Builder> setUp)
            throws IOException {
        OnDemandServer.Builder builder = OnDemandServer.builder(CachefilesChannel.open(OPTIONS, kernel))
                .handler(handler)
                .listener(new Ears());
        setUp.accept(builder);
        server = builder.start();
    }

    static Daemon start(FakeKernel kernel, OnDemandHandler handler, Consumer<OnDemandServer.Builder> setUp)
            throws IOException {
        return new Daemon(kernel, handler, setUp);
    }

    /** Waits until so many handlers have returned too late, and are no longer counted as overdue. */
    void awaitLate(int count) {
        long start = System.nanoTime();
        while (late.size() < count || server.status().overdue() > 0) {
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(10)) {
                throw new AssertionError("late are " + late + ", " + server.status());
            }
            Thread.onSpinWait();
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
        public void read(ReadRequest request, Duration elapsed) {
            reads.add(request);
        }

        @Override
        public void readFailed(ReadRequest request, Throwable cause) {
            readFailures.add(cause);
        }

        @Override
        public void complete(CacheObject object) {
            complete.add(object);
        }

        @Override
        public void late(Request request) {
            late.add(request);
        }

        @Override
        public void cacheDied(CachefilesException cause) {
            events.add("died");
        }

        @Override
        public void cacheReopened() {
            events.add("reopened");
        }

        @Override
        public void closed(CloseRequest request) {
            closed.add(request);
        }

        @Override
        public void trouble(Throwable cause) {
            troubles.add(cause);
        }
    }
}
