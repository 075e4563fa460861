// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.AsyncOnDemandHandler;
import dev.cachefiles.CacheObject;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The ways in which a server runs a handler. */
enum Mode {
    DIRECT {
        @Override
        void set(OnDemandServer.Builder builder, OnDemandHandler handler) {
            builder.handler(handler);
        }
    },
    TWO_DEVICE_THREADS {
        @Override
        void set(OnDemandServer.Builder builder, OnDemandHandler handler) {
            builder.handler(handler).threads(2);
        }
    },
    VIRTUAL {
        @Override
        void set(OnDemandServer.Builder builder, OnDemandHandler handler) {
            builder.handler(handler).virtualThreads();
        }
    },
    EXECUTOR {
        @Override
        void set(OnDemandServer.Builder builder, OnDemandHandler handler) {
            builder.handler(handler)
                    .executor(task ->
                            Thread.ofPlatform().name("executor").daemon().start(task));
        }
    },
    ASYNC {
        @Override
        void set(OnDemandServer.Builder builder, OnDemandHandler handler) {
            builder.asyncHandler(new Async(handler));
        }
    };

    abstract void set(OnDemandServer.Builder builder, OnDemandHandler handler);

    /** Runs a blocking handler on threads of its own, which it interrupts when a request is cancelled. */
    private record Async(OnDemandHandler handler) implements AsyncOnDemandHandler {

        @Override
        public CompletionStage<Long> open(OpenRequest request) {
            return start(request, () -> handler.open(request));
        }

        @Override
        public void opened(CacheObject object) throws IOException {
            handler.opened(object);
        }

        @Override
        public CompletionStage<?> read(ReadRequest request) {
            return start(request, () -> {
                handler.read(request);
                return request;
            });
        }

        @Override
        public CompletionStage<?> close(CloseRequest request) {
            return start(request, () -> {
                handler.close(request);
                return request;
            });
        }

        private static <T> CompletionStage<T> start(Request request, Callable<T> call) {
            var result = new CompletableFuture<T>();
            Thread thread = Thread.ofVirtual().start(() -> {
                try {
                    result.complete(call.call());
                } catch (Throwable t) {
                    result.completeExceptionally(t);
                }
            });
            request.onCancel(thread::interrupt);
            return result;
        }
    }
}
