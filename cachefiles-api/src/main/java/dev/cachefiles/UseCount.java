// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the uses of a file, the owner's included.
 *
 * <p>An fd must never close while a call on it is under way: the kernel gives its number to the next file at once, and
 * the call would land there. So every call holds a use, and whoever takes the count to zero closes.
 */
final class UseCount {
    private final AtomicInteger uses = new AtomicInteger(1);

    /** Takes a use; false once the count has reached zero, which is final. */
    boolean tryAcquire() {
        int n = uses.get();
        while (n > 0) {
            if (uses.compareAndSet(n, n + 1)) {
                return true;
            }
            n = uses.get();
        }
        return false;
    }

    /** Gives a use back unless it is the last one; false if it is the last, and then nothing has changed. */
    boolean releaseUnlessLast() {
        int n = uses.get();
        while (n > 1) {
            if (uses.compareAndSet(n, n - 1)) {
                return true;
            }
            n = uses.get();
        }
        return false;
    }

    /** Gives a use back; true if it was the last one, and then the caller closes. */
    boolean release() {
        return uses.decrementAndGet() == 0;
    }

    /** Tells how many uses there are at this moment. */
    int current() {
        return uses.get();
    }
}
