// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

/**
 * Guesses whether another request is waiting already, so that it can be read without a poll before: with several readers
 * there mostly is one, with a single reader never.
 *
 * <p>A poll too many costs more than a read that finds nothing, so a third of hits pays. For use by one thread.
 */
final class Backlog {
    private static final int HIT = 2;
    private static final int MISS = 1;
    private static final int MOST = 8;

    /** So often a read is tried to learn whether things have changed. */
    private static final int TRY_EVERY = 16;

    private int score;
    private int untilTry = TRY_EVERY;

    /** Tells whether to read without a poll before. What comes of it is to be told. */
    boolean isLikely() {
        if (score > 0) {
            return true;
        }
        if (--untilTry > 0) {
            return false;
        }
        untilTry = TRY_EVERY;
        return true;
    }

    /** There was a request. */
    void hit() {
        score = Math.min(MOST, score + HIT);
    }

    /** There was none. */
    void miss() {
        score = Math.max(0, score - MISS);
    }
}
