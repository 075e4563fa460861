// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

/** The clock of layers that wait or measure; tests have one that they move. Safe for use by several threads. */
public interface Ticker {

    /**
     * Gives the clock of the machine.
     *
     * @return the clock behind {@link System#nanoTime}
     */
    static Ticker system() {
        return SystemTicker.INSTANCE;
    }

    /**
     * Gives the time.
     *
     * @return nanoseconds since an arbitrary moment; never less than before
     */
    long nanoTime();

    /**
     * Waits.
     *
     * @param nanos how long; does nothing if not positive
     * @throws InterruptedException if the thread is interrupted
     */
    void sleep(long nanos) throws InterruptedException;
}
