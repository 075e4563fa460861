// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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
        public void closed(CloseRequest request) {
            closed.add(request);
        }

        @Override
        public void trouble(Throwable cause) {
            troubles.add(cause);
        }
    }
}
