// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes that may be under way at a time.
 *
 * <p>Safe for use by several threads.
 */
final class ByteBudget {
    private final AtomicLong left;

    ByteBudget(long bytes) {
        left = new AtomicLong(bytes);
    }

    /** Takes bytes; false if there are not as many. */
    boolean take(long bytes) {
        long n = left.get();
        while (n >= bytes) {
            long witness = left.compareAndExchange(n, n - bytes);
            if (witness == n) {
                return true;
            }
            n = witness;
        }
        return false;
    }

    void give(long bytes) {
        if (bytes != 0) {
            left.addAndGet(bytes);
        }
    }
}
