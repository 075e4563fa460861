// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.spi;

/**
 * The clock by which the engine measures deadlines and pauses. A kernel made of Java objects may hold it still.
 *
 * <p>Safe for use by several threads.
 */
public interface TimeSource {

    /**
     * Gives the clock of the machine.
     *
     * @return the clock behind {@link System#nanoTime}
     */
    static TimeSource system() {
        return SystemTime.INSTANCE;
    }

    /**
     * Gives the time.
     *
     * @return nanoseconds since an arbitrary moment; never less than before
     */
    long nanoTime();

    /**
     * Waits as {@link java.util.concurrent.locks.LockSupport#parkNanos(Object, long)} does: until the time is over, the
     * thread is unparked or interrupted, or for no reason at all.
     *
     * @param blocker what the thread waits for, for those who look at it
     * @param nanos   longest wait in nanoseconds; does nothing if it is zero or negative
     */
    void parkNanos(Object blocker, long nanos);
}
