// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import java.time.Duration;
import java.util.Objects;

/**
 * Remembers that something does not work, so that it is left alone for a while.
 *
 * <p>Closed at first: all calls may be made. After a number of failures in a row it opens: none may be made for a time.
 * Then it is half open: one call may be made, as a probe. If that succeeds it closes; if not, it opens for twice as long,
 * up to a longest time.
 *
 * <p>Who was {@linkplain #tryAcquire allowed} a call tells how it went with {@link #succeeded}, {@link #failed} or
 * {@link #cancelled}. A closed breaker costs no lock. Safe for use by several threads.
 */
public final class CircuitBreaker {
    private final int failuresToOpen;
    private final long firstNanos;
    private final long longestNanos;
    private final Ticker ticker;

    /** Failures in a row; written with the lock held. While it is closed. */
    private volatile int failures;

    private volatile boolean open;

    // Guarded by this, while it is open.
    private long openNanos;
    private long openedAt;
    private boolean probing;

    /**
     * Makes a closed breaker.
     *
     * @param failuresToOpen failures in a row that open it, at least 1
     * @param first          how long it is open at first, positive
     * @param longest        the longest time that it is open, not less than {@code first}
     * @param ticker         the clock
     * @throws IllegalArgumentException if a number is out of range
     */
    public CircuitBreaker(int failuresToOpen, Duration first, Duration longest, Ticker ticker) {
        if (failuresToOpen < 1 || first.isNegative() || first.isZero() || first.compareTo(longest) > 0) {
            throw new IllegalArgumentException(
                    "a breaker cannot open after " + failuresToOpen + " failures for " + first + " to " + longest);
        }
        this.failuresToOpen = failuresToOpen;
        this.firstNanos = first.toNanos();
        this.longestNanos = longest.toNanos();
        this.ticker = Objects.requireNonNull(ticker, "ticker");
    }

    /**
     * Asks whether a call may be made now.
     *
     * @return true if it may; in a breaker that is half open, for one caller at a time
     */
    public boolean tryAcquire() {
        return !open || tryProbe();
    }

    private synchronized boolean tryProbe() {
        if (!open) {
            return true;
        }
        if (probing || nanosLeft() > 0) {
            return false;
        }
        probing = true;
        return true;
    }

    /** The call went well, also one that was made although the breaker was open. */
    public void succeeded() {
        if (open || failures != 0) {
            synchronized (this) {
                failures = 0;
                probing = false;
                open = false;
            }
        }
    }

    /** The call has failed. */
    public synchronized void failed() {
        if (open) {
            if (probing) {
                openFor(Math.min(longestNanos, 2 * openNanos));
            }
        } else {
            failures++;
            if (failures >= failuresToOpen) {
                openFor(firstNanos);
            }
        }
    }

    /** The call was given up before it was known how it goes. */
    public synchronized void cancelled() {
        probing = false;
    }

    private void openFor(long nanos) {
        openNanos = nanos;
        openedAt = ticker.nanoTime();
        probing = false;
        open = true;
    }

    /**
     * Tells whether it is open or half open.
     *
     * @return true if calls are held back
     */
    public boolean isOpen() {
        return open;
    }

    /**
     * Gives the time until a call may be made.
     *
     * @return the time, zero if one may be made now
     */
    public synchronized Duration untilProbe() {
        return open ? Duration.ofNanos(Math.max(0, nanosLeft())) : Duration.ZERO;
    }

    private long nanosLeft() {
        return openNanos - (ticker.nanoTime() - openedAt);
    }
}
