// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Objects;

/**
 * How long the one who asked a source for bytes still waits for them.
 *
 * <p>Bound to the thread that calls the source: a source that has others work for it looks here first, and tells them.
 * When the time is over or no one waits any more, that thread is interrupted too; what a source does then serves no one.
 *
 * <p>Safe for use by several threads.
 */
@FunctionalInterface
public interface Deadline {

    /** Never passes: for work that no one waits for. */
    Deadline NEVER = () -> Long.MAX_VALUE;

    /**
     * Gives the time that is left.
     *
     * @return nanoseconds; zero or negative if it is over, {@link Long#MAX_VALUE} if it never will be
     */
    long nanosLeft();

    /**
     * Gives the deadline of the call in which the current thread is.
     *
     * @return the deadline; {@link #NEVER} outside of {@link #during}
     */
    static Deadline current() {
        Deadline deadline = CurrentDeadline.here().get();
        return deadline == null ? NEVER : deadline;
    }

    /**
     * Calls with a deadline bound to the current thread. Within another such call, that one's deadline is in force again
     * afterwards.
     *
     * @param deadline the deadline
     * @param action   what to call, in this thread
     * @throws IOException what {@code action} throws
     */
    static void during(Deadline deadline, Action action) throws IOException {
        Objects.requireNonNull(deadline, "deadline");
        CurrentDeadline current = CurrentDeadline.here();
        Deadline before = current.set(deadline);
        try {
            action.run();
        } finally {
            current.set(before);
        }
    }

    /**
     * Gives the time for one step, such as a request to a server, as its time limit.
     *
     * @param longest the longest time for the step, whatever is left
     * @return the shorter of {@code longest} and the time that is left, but at least a millisecond
     */
    default Duration atMost(Duration longest) {
        long left = nanosLeft();
        if (left == Long.MAX_VALUE || longest.compareTo(Duration.ofNanos(left)) <= 0) {
            return longest;
        }
        return Duration.ofNanos(Math.max(1_000_000, left));
    }

    /**
     * Checks that someone still waits.
     *
     * @throws InterruptedIOException if the time is over, or the current thread was interrupted, which it stays
     */
    default void check() throws InterruptedIOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted: no one waits for these bytes any more");
        }
        if (nanosLeft() <= 0) {
            throw new InterruptedIOException("the deadline has passed: no one waits for these bytes any more");
        }
    }

    /** What is done under a deadline. */
    @FunctionalInterface
    interface Action {

        /**
         * Does it.
         *
         * @throws IOException if that fails
         */
        void run() throws IOException;
    }
}
