// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.support;

import java.util.Locale;

/** How far some work on bytes is, and how fast it was in the last two to four seconds. Immutable. */
public final class Pace {
    private static final long SPAN_NANOS = 2_000_000_000L;
    private static final double MIB = 1 << 20;

    private final Mark older;
    private final Mark newer;
    private final Mark last;

    /** How many bytes were done when. */
    private record Mark(long done, long nanos) {}

    private Pace(Mark older, Mark newer, Mark last) {
        this.older = older;
        this.newer = newer;
        this.last = last;
    }

    /**
     * Begins.
     *
     * @param done  bytes that are done from the start
     * @param nanos when, by any clock of nanoseconds
     * @return a pace that is not known yet
     */
    public static Pace from(long done, long nanos) {
        var mark = new Mark(done, nanos);
        return new Pace(mark, mark, mark);
    }

    /**
     * Goes on.
     *
     * @param done  bytes that are done by now
     * @param nanos when, by the same clock
     * @return the pace up to then
     */
    public Pace at(long done, long nanos) {
        var now = new Mark(done, nanos);
        return nanos - newer.nanos() < SPAN_NANOS ? new Pace(older, newer, now) : new Pace(newer, now, now);
    }

    /**
     * Gives what was done.
     *
     * @return bytes
     */
    public long done() {
        return last.done();
    }

    /**
     * Shows the pace.
     *
     * @return such as {@code , 12.5 MiB/s}; empty text if it is not known yet
     */
    @Override
    public String toString() {
        long nanos = last.nanos() - older.nanos();
        return nanos <= 0
                ? ""
                : String.format(Locale.ROOT, ", %.1f MiB/s", (last.done() - older.done()) / MIB * 1e9 / nanos);
    }
}
