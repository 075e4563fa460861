// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Decides which requests may be served now: the limits on requests and bytes, and the {@link Concurrency}.
 *
 * <p>Who may not waits in the lane of its object; lanes take turns. Where nothing waits and the limits are far, a
 * request passes without a lock.
 *
 * <p>Safe for use by several threads.
 */
final class Admission {
    private final Concurrency concurrency;
    private final int maxRequests;
    private final long maxBytes;
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Object, Lane> lanes = new LinkedHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();

    /** The requests of one object that wait. */
    private static final class Lane {
        final Deque<PendingRequest> queue = new ArrayDeque<>();
        boolean busy;
    }

    Admission(Concurrency concurrency, int maxRequests, long maxBytes) {
        this.concurrency = concurrency;
        this.maxRequests = concurrency == Concurrency.SERIAL ? 1 : maxRequests;
        this.maxBytes = maxBytes;
    }

    /** Requests that are being served. */
    int requests() {
        return requests.get();
    }

    /** Bytes that are being fetched for them. */
    long bytes() {
        return bytes.get();
    }

    /** Requests that wait, or did so until their deadline. */
    int waiting() {
        return waiting.get();
    }

    /** Lets a request pass; false if it waits from now on, and {@link #next} will give it out. */
    boolean admit(PendingRequest request) {
        if (waiting.get() == 0 && concurrency != Concurrency.PER_OBJECT && take(request)) {
            return true;
        }
        lock.lock();
        try {
            lanes.computeIfAbsent(lane(request), key -> new Lane()).queue.add(request);
            waiting.incrementAndGet();
        } finally {
            lock.unlock();
        }
        return false;
    }

    /**
     * Gives the next request that may pass. To be called after {@link #admit} has made one wait and after each
     * {@link #release}, until it returns null: so none is left waiting for a place that is free.
     */
    @Nullable
    PendingRequest next() {
        if (waiting.get() == 0) {
            return null;
        }
        lock.lock();
        try {
            Iterator<Map.Entry<Object, Lane>> all = lanes.entrySet().iterator();
            while (all.hasNext()) {
                Map.Entry<Object, Lane> entry = all.next();
                Lane lane = entry.getValue();
                dropEnded(lane);
                PendingRequest first = lane.queue.peek();
                if (first == null) {
                    if (!lane.busy) {
                        all.remove();
                    }
                } else if (!lane.busy) {
                    if (!take(first)) {
                        return null; // not even if a smaller one would fit: it would be overtaken for ever
                    }
                    lane.queue.remove();
                    waiting.decrementAndGet();
                    lane.busy = concurrency == Concurrency.PER_OBJECT;
                    all.remove();
                    if (lane.busy || !lane.queue.isEmpty()) {
                        lanes.put(entry.getKey(), lane); // the last now
                    }
                    return first;
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    /** Gives the place of a request back, if it has one. */
    void release(PendingRequest request) {
        if (!request.takePlaceBack()) {
            return;
        }
        bytes.addAndGet(-request.bytes());
        requests.decrementAndGet();
        if (concurrency == Concurrency.PER_OBJECT) {
            lock.lock();
            try {
                Lane lane = lanes.get(lane(request));
                if (lane != null) {
                    lane.busy = false;
                    if (lane.queue.isEmpty()) {
                        lanes.remove(lane(request));
                    }
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private void dropEnded(Lane lane) {
        PendingRequest first = lane.queue.peek();
        while (first != null && first.isTurnOver()) {
            lane.queue.remove();
            waiting.decrementAndGet();
            first = lane.queue.peek();
        }
    }

    private boolean take(PendingRequest request) {
        if (!takeRequest()) {
            return false;
        }
        if (!takeBytes(request.bytes())) {
            requests.decrementAndGet();
            return false;
        }
        request.givePlace();
        return true;
    }

    private boolean takeRequest() {
        int n = requests.get();
        while (n < maxRequests) {
            if (requests.compareAndSet(n, n + 1)) {
                return true;
            }
            n = requests.get();
        }
        return false;
    }

    /** One that is larger than the limit passes when nothing else does. */
    private boolean takeBytes(long count) {
        long n = bytes.get();
        while (n == 0 || count == 0 || n + count <= maxBytes) {
            if (bytes.compareAndSet(n, n + count)) {
                return true;
            }
            n = bytes.get();
        }
        return false;
    }

    private static Object lane(PendingRequest request) {
        CacheObject object = request.target();
        return object == null ? request : object;
    }
}
