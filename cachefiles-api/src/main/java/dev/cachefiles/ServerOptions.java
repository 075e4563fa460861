// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.cache.CullingPolicy;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a server was set up. Times without a limit are {@link Long#MAX_VALUE} nanoseconds.
 *
 * @param engines         makes the engine that runs the handler
 * @param async           the handler's methods return before the work is done
 * @param listener        the user's
 * @param threads         threads that wait for the kernel
 * @param executor        where handlers run; null for the threads that wait for the kernel
 * @param concurrency     which calls are made at the same time
 * @param maxRequests     most requests that are served at the same time
 * @param maxBytes        most bytes that are fetched for them
 * @param openNanos       time for an OPEN
 * @param readNanos       time for a READ
 * @param shutdownTimeout time for what is in flight when the server closes
 * @param reopens         a cache that dies is bound again
 * @param culling         the rules by which the cache is kept within limits; null for none
 */
record ServerOptions(
        BiFunction<LoggingListener, Consumer<PendingRequest>, RequestEngine> engines,
        boolean async,
        OnDemandListener listener,
        int threads,
        @Nullable Executor executor,
        Concurrency concurrency,
        int maxRequests,
        long maxBytes,
        long openNanos,
        long readNanos,
        Duration shutdownTimeout,
        boolean reopens,
        @Nullable CullingPolicy culling) {

    /** Stands for a listener that nobody has set. */
    static final OnDemandListener NO_LISTENER = new OnDemandListener() {};

    RequestEngine engine(LoggingListener reporter, Consumer<PendingRequest> returned) {
        return engines.apply(reporter, returned);
    }

    /** Tells whether anyone hears of events that are not worth a line in the log. */
    boolean listens() {
        return listener != NO_LISTENER;
    }
}
