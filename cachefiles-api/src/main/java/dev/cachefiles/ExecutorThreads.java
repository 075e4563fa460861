// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.util.concurrent.Executor;

/** Runs handlers on an executor. Safe for use by several threads. */
final class ExecutorThreads implements Dispatcher.HandlerThreads {
    private final Executor executor;
    private final Session session;

    ExecutorThreads(Executor executor, Session session) {
        this.executor = executor;
        this.session = session;
    }

    @Override
    public void start(PendingRequest request) {
        Dispatcher dispatcher = session.dispatcher();
        try {
            executor.execute(() -> dispatcher.run(request));
        } catch (Throwable t) { // rejected, or no memory for a thread
            dispatcher.rejected(request, t);
        }
    }

    @Override
    public boolean areDeviceThreads() {
        return false;
    }
}
