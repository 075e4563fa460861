// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Pauses when poll says that there is a message and read finds none, again and again.
 *
 * <p>Once or twice is normal: another thread was faster, or the kernel opens an object again first. Kernels before 6.8
 * say so for as long as any request is being served, and a loop without a pause would burn a processor.
 *
 * <p>For use by one thread.
 */
final class EmptyReadBackoff {
    private static final int FREE = 2;
    private static final long FIRST_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private int empty;
    private long pause = FIRST_NANOS;

    void pause() {
        if (++empty > FREE) {
            LockSupport.parkNanos(this, pause);
            pause = Math.min(2 * pause, LONGEST_NANOS);
        }
    }

    void reset() {
        empty = 0;
        pause = FIRST_NANOS;
    }
}
