// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import java.util.concurrent.atomic.AtomicLong;

/** Decides by chance, in a way that a seed repeats: the n-th number depends on the seed and on n alone. */
final class Dice {
    private static final long STEP = 0x9e3779b97f4a7c15L;

    private final double share;
    private final AtomicLong state;

    Dice(double share, long seed) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("share " + share + " is not from 0 to 1");
        }
        this.share = share;
        this.state = new AtomicLong(seed);
    }

    /** True in so large a share of calls. */
    boolean hit() {
        return (next() >>> 11) * 0x1.0p-53 < share;
    }

    /** The next number, of all of {@code long}. */
    long next() {
        long z = state.addAndGet(STEP);
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /** The next number from 0 to below the bound. */
    long next(long bound) {
        return Math.floorMod(next(), bound);
    }
}
