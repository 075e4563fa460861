// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs a handler whose methods return before the work is done. */
final class AsyncEngine extends RequestEngine {
    private final AsyncOnDemandHandler handler;

    AsyncEngine(AsyncOnDemandHandler handler, LoggingListener listener, Consumer<PendingRequest> returned) {
        super(listener, returned);
        this.handler = handler;
    }

    /** A call of the handler. */
    private interface Call {
        CompletionStage<?> start() throws Exception;
    }

    @Override
    void run(PendingRequest request) {
        request.enter();
        CompletionStage<?> done;
        try {
            done = switch (request) {
                case ReadRequest read ->
                    start(() -> read(read)).handle((any, failure) -> {
                        readReturned(read, failure == null ? null : unwrap(failure));
                        return null;
                    });
                case OpenRequest open ->
                    start(() -> handler.open(open)).handle((size, failure) -> {
                        opened(open, size, failure);
                        return null;
                    });
                case CloseRequest close ->
                    start(() -> handler.close(close)).handle((any, failure) -> {
                        closeReturned(close, failure == null ? null : unwrap(failure));
                        return null;
                    });
            };
        } finally {
            request.leave();
        }
        done.whenComplete((any, bug) -> {
            if (bug != null) {
                listener.trouble(bug);
            }
            returned(request);
        });
    }

    /** Whatever a method does, there is a stage. */
    private static CompletionStage<?> start(Call call) {
        try {
            CompletionStage<?> stage = call.start();
            if (stage == null) {
                throw new NullPointerException("the handler returned null, not a stage");
            }
            return stage;
        } catch (Throwable t) {
            return CompletableFuture.failedStage(t);
        }
    }

    private void opened(OpenRequest request, @Nullable Object size, @Nullable Throwable failure) {
        if (failure != null) {
            openFailed(request, unwrap(failure));
        } else if (!(size instanceof Long bytes)) {
            openFailed(request, new NullPointerException("the handler's stage has completed without a size"));
        } else if (openReturned(request, bytes)) {
            try {
                handler.opened(request.object());
            } catch (Throwable t) {
                listener.trouble(t);
            }
        }
    }

    private CompletionStage<?> read(ReadRequest request) throws Exception {
        CacheObject object = request.object();
        OpenRequest again = object.openAgain();
        if (again == null) {
            return handler.read(request);
        }
        // The handler has failed in a re-OPEN, which could not be refused: it gets another chance before each READ.
        return handler.open(again)
                .thenCompose(size -> start(() -> {
                            openedAgain(object, size);
                            return handler.read(request);
                        })
                        .thenApply(any -> request));
    }

    @Override
    void forget(CacheObject object) {
        CloseRequest request = object.closeRequest();
        start(() -> handler.close(request))
                .whenComplete((any, failure) -> closeReturned(request, failure == null ? null : unwrap(failure)));
    }
}
