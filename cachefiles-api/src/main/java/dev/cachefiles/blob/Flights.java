// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What is being fetched of one blob: no byte is fetched twice at a time, however many ask for it.
 *
 * <p>Safe for use by several threads; nothing is fetched with the lock held.
 */
final class Flights {

    /** Between parts of this size, another miss may take over what is still to follow. */
    private static final long PART = 256 << 10;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final FillWindow window;
    private final ByteBudget budget;
    private @Nullable Flight first;
    private int waiting;

    /** One that has ended and that nobody looks at any more: so a miss needs no new object. */
    private @Nullable Flight spare;

    Flights(FillWindow window, ByteBudget budget) {
        this.window = window;
        this.budget = budget;
    }

    /**
     * Starts the fetch for a miss, once no other fetches any of its bytes. Blocks until then.
     *
     * @param again whether the miss has been planned before
     * @return the flight, to be {@linkplain #end ended}; or null if others have been waited for, and the range may be
     *     there now
     * @throws IOException if one that fetched all of the range has failed
     */
    @Nullable
    Flight begin(long start, long end, boolean again) throws IOException {
        lock.lock();
        try {
            Flight busy = busyWith(start, end);
            if (busy != null) {
                await(busy, start, end);
                return null;
            }
            long from = start;
            long to = end;
            if (!again) {
                window.plan(start, end);
                from = window.start();
                to = window.end();
            }
            for (Flight other = first; other != null; other = other.next) {
                other.leave(start, end);
                if (other.end() <= start) {
                    from = Math.max(from, other.end());
                } else if (other.start() >= end) {
                    to = Math.min(to, other.start());
                } else {
                    from = start;
                    to = end;
                }
            }
            long more = start - from + to - end;
            if (more > 0 && !budget.take(more)) {
                from = start;
                to = end;
                more = 0;
            }
            return add(start, end, from, to, more);
        } finally {
            lock.unlock();
        }
    }

    private Flight add(long start, long end, long from, long to, long more) {
        Flight flight = spare == null ? new Flight() : spare;
        spare = null;
        flight.begin(start, end);
        flight.budget = more;
        if (window.isRestNoticed(end - start, to - from)) {
            flight.busyStart = Math.max(from, window.chunkStart(start));
            flight.busyEnd = Math.min(to, window.chunkEnd(end));
            flight.aheadStart = flight.busyEnd;
            flight.aheadEnd = to;
            flight.behindStart = from;
            flight.behindEnd = flight.busyStart;
            flight.hasRest = true;
        } else {
            flight.busyStart = from;
            flight.busyEnd = to;
        }
        flight.next = first;
        first = flight;
        return flight;
    }

    private @Nullable Flight busyWith(long start, long end) {
        Flight flight = first;
        while (flight != null && !flight.isBusyWith(start, end)) {
            flight = flight.next;
        }
        return flight;
    }

    private void await(Flight busy, long start, long end) throws IOException {
        waiting++;
        try {
            while (!busy.ended && busy.isBusyWith(start, end)) {
                changed.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the range was fetched for another READ");
        } finally {
            waiting--;
        }
        Throwable failure = busy.failure;
        if (failure != null && start >= busy.ownStart && end <= busy.ownEnd) {
            throw new IOException(
                    "the fetch for another READ of the range has failed: " + failure.getMessage(), failure);
        }
    }

    /** A fetch was given up beyond a miss's own range, which is fetched alone now. */
    void narrow(Flight flight) {
        lock.lock();
        try {
            flight.busyStart = flight.ownStart;
            flight.busyEnd = flight.ownEnd;
            window.failed();
            tell();
        } finally {
            lock.unlock();
        }
    }

    /** The part was fetched: goes on to the next one; false if there is none. */
    boolean advance(Flight flight) {
        lock.lock();
        try {
            boolean more = flight.advance(PART);
            tell();
            return more;
        } finally {
            lock.unlock();
        }
    }

    /** What is to follow could not be fetched. */
    void restFailed() {
        lock.lock();
        try {
            window.failed();
        } finally {
            lock.unlock();
        }
    }

    /** Notes what a fetch has cost. */
    void measured(long bytes, long nanos) {
        lock.lock();
        try {
            window.measured(bytes, nanos);
        } finally {
            lock.unlock();
        }
    }

    /** Ends a flight, whatever has become of it. */
    void end(Flight flight, @Nullable Throwable failure) {
        long budgeted = flight.budget;
        lock.lock();
        try {
            flight.failure = failure;
            flight.ended = true;
            if (first == flight) {
                first = flight.next;
            } else {
                Flight before = first;
                while (before != null && before.next != flight) {
                    before = before.next;
                }
                if (before != null) {
                    before.next = flight.next;
                }
            }
            flight.next = null;
            if (waiting == 0) {
                spare = flight;
            }
            tell();
        } finally {
            lock.unlock();
        }
        budget.give(budgeted);
    }

    private void tell() {
        if (waiting > 0) {
            changed.signalAll();
        }
    }
}
