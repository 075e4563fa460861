// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * Gives each request its turn with the handler, and takes it back: when the handler returns, or at the deadline if it
 * does not.
 *
 * <p>Safe for use by several threads.
 */
final class Dispatcher {

    /** The kernel asks once more for a range that it did not get. Its reader has waited for a whole deadline by then. */
    private static final long SECOND_TRY_NANOS = Duration.ofMillis(500).toNanos();

    private final ServerOptions options;
    private final LoggingListener listener;
    private final RequestEngine engine;
    private final Admission admission;
    private final HandlerThreads threads;

    /** What waits, or is not served by the thread that has read it. A request on such a thread is watched there. */
    private final Set<PendingRequest> watched = ConcurrentHashMap.newKeySet();

    /** Handlers that have not returned although their turn is over. */
    private final AtomicInteger overdue = new AtomicInteger();

    private final LongAdder cancelled = new LongAdder();

    /** Where handlers run. */
    interface HandlerThreads {

        /** Has {@link Dispatcher#run} called for a request, by another thread or by this one later. */
        void start(PendingRequest request);

        /** Tells whether {@link #start} leaves the request to the thread that has read it. */
        boolean areDeviceThreads();
    }

    Dispatcher(ServerOptions options, LoggingListener listener, HandlerThreads threads) {
        this.options = options;
        this.listener = listener;
        this.threads = threads;
        this.engine = options.engine(listener, this::returned);
        this.admission = new Admission(options.concurrency(), options.maxRequests(), options.maxBytes());
    }

    /** Takes a request that was just read from the device. */
    void dispatch(PendingRequest request) {
        request.allow(allowed(request));
        if (options.listens()) {
            listener.delivered(request.request());
        }
        if (request instanceof CloseRequest close) {
            close.whenIdle(() -> beginTurn(close));
        } else {
            beginTurn(request);
        }
    }

    private long allowed(PendingRequest request) {
        long read = options.readNanos();
        if (request instanceof ReadRequest again && again.isSecondTry()) {
            return Math.min(SECOND_TRY_NANOS, read);
        }
        return request instanceof OpenRequest ? options.openNanos() : read;
    }

    private void beginTurn(PendingRequest request) {
        CacheObject object = request.target();
        if (object != null) {
            // So that CLOSE waits for the handler, also after it has answered by itself. There is a use to be had: a
            // READ holds one until it is answered, and the owner does until the CLOSE has been handled.
            object.tryAcquire();
        }
        request.beginTurn();
        if (overdue.get() >= options.maxRequests()) {
            cancel(
                    request,
                    new TimeoutException(overdue + " handlers have not returned since their deadlines; no more are"
                            + " started until one does"));
            return;
        }
        // A request that stays on the thread that has read it is watched there, at no cost.
        boolean staysHere = threads.areDeviceThreads() && !(request instanceof CloseRequest);
        if (!staysHere) {
            watch(request);
        }
        if (admission.admit(request)) {
            threads.start(request);
            return;
        }
        if (staysHere) {
            watch(request);
        }
        startWaiting();
    }

    private void watch(PendingRequest request) {
        request.watched(true);
        watched.add(request);
        if (request.isTurnOver()) {
            watched.remove(request);
        }
    }

    private void startWaiting() {
        for (PendingRequest next = admission.next(); next != null; next = admission.next()) {
            threads.start(next);
        }
    }

    /** Runs the handler, on the thread that was chosen for it. */
    void run(PendingRequest request) {
        if (!request.enterHandler()) {
            admission.release(request);
            startWaiting();
            return;
        }
        if (options.listens()) {
            listener.started(request.request());
        }
        engine.run(request);
    }

    /** No thread could be had for a request. */
    void rejected(PendingRequest request, Throwable cause) {
        cancel(request, cause);
        admission.release(request); // which had been given its place, perhaps after its turn was over
    }

    private void returned(PendingRequest request) {
        if (request.leaveHandler()) {
            turnOver(request);
        } else {
            overdue.decrementAndGet();
        }
    }

    /** Ends what is overdue: answers it if it is not answered, and goes on without its handler. */
    void expire(PendingRequest request) {
        cancel(
                request,
                new TimeoutException(
                        "no answer from the handler after " + request.age().toMillis() + " ms"));
    }

    /** Answers in the handler's place and goes on without it. */
    void cancel(PendingRequest request, Throwable cause) {
        if (!request.isAnswered()) {
            cancelled.increment();
            engine.cancel(request, cause);
        }
        switch (request.endTurn()) {
            case BEFORE_HANDLER -> turnOver(request);
            case IN_HANDLER -> {
                overdue.incrementAndGet();
                turnOver(request);
            }
            case NONE -> {}
        }
    }

    private void turnOver(PendingRequest request) {
        admission.release(request);
        CacheObject object = request.target();
        if (object != null) {
            object.release();
        }
        if (request.isWatched()) {
            watched.remove(request); // not before the fd has closed: who waits for the end looks here
        }
        startWaiting();
    }

    /** The kernel has no CLOSE for this object any more. */
    void forget(CacheObject object) {
        var request = object.closeRequest();
        request.allow(options.readNanos());
        request.whenIdle(() -> beginTurn(request));
    }

    Set<PendingRequest> watched() {
        return watched;
    }

    Admission admission() {
        return admission;
    }

    /** Handlers that have not returned although their turn is over. */
    int overdue() {
        return overdue.get();
    }

    /** Requests that were answered in their handlers' place. */
    long cancelled() {
        return cancelled.sum();
    }
}
