// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A server at work on a {@link StubKernel}. */
public abstract class ServerState {
    private @Nullable OnDemandServer server;
    private @Nullable StubKernel kernel;

    /** For subclasses, which JMH makes. */
    protected ServerState() {}

    /** Starts a server with so many objects open. */
    final void start(int objects, Consumer<OnDemandServer.Builder> configuration) throws IOException {
        var stub = new StubKernel(objects);
        kernel = stub;
        OnDemandServer.Builder builder = OnDemandServer.builder(
                CachefilesChannel.open(CacheOptions.builder(Path.of("/cache")).build(), path -> stub));
        configuration.accept(builder);
        server = builder.start();
        stub.awaitOpen();
    }

    /** Has so many READs served, of which some may be left in flight. */
    final void serve(int reads, int inFlight) {
        if (kernel != null) {
            kernel.serve(reads, inFlight);
        }
    }

    /** Ends. */
    final void stop() {
        if (server != null) {
            server.close();
        }
    }
}
