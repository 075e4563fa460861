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
     * Waits until a time has come, the thread is unparked or interrupted, or for no reason at all, as
     * {@link java.util.concurrent.locks.LockSupport#park(Object)} does.
     *
     * @param blocker what the thread waits for, for those who look at it
     * @param time    the time, by {@link #nanoTime}; does nothing if it is over
     */
    void parkUntil(Object blocker, long time);
}
