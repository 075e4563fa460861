// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import org.jspecify.annotations.Nullable;

/**
 * The fetch that one miss has started: the part that is being fetched now, and what is to follow once the miss is
 * answered, first ahead of it, then behind it.
 *
 * <p>Guarded by the lock of its {@link Flights}.
 */
final class Flight {
    /** What the miss waits for. */
    long ownStart;

    long ownEnd;

    /** Whether there was anything to follow from the start. */
    boolean hasRest;

    /** Being fetched. Changed by the thread that fetches only. */
    long busyStart;

    long busyEnd;

    /** To follow, unless another miss takes it. */
    long aheadStart;

    long aheadEnd;
    long behindStart;
    long behindEnd;

    /** Bytes of the common budget that it holds. */
    long budget;

    boolean ended;

    /** Why the miss's own range could not be fetched, where the same would befall who asks for it too. */
    @Nullable
    Throwable failure;

    @Nullable
    Flight next;

    /** Begins, perhaps once more: with the miss's own range and nothing else. */
    void begin(long start, long end) {
        ownStart = start;
        ownEnd = end;
        busyStart = start;
        busyEnd = end;
        aheadStart = end;
        aheadEnd = end;
        behindStart = start;
        behindEnd = start;
        hasRest = false;
        ended = false;
        failure = null;
    }

    boolean isBusyWith(long start, long end) {
        return start < busyEnd && end > busyStart;
    }

    /** Leaves a range to another miss, which must not be busy; what lies beyond it is given up. */
    void leave(long start, long end) {
        if (start < aheadEnd && end > aheadStart) {
            aheadEnd = Math.max(aheadStart, start);
        }
        if (start < behindEnd && end > behindStart) {
            behindEnd = Math.max(behindStart, start);
        }
    }

    /** The first byte of all that it fetches or will. */
    long start() {
        return behindStart < behindEnd ? Math.min(behindStart, busyStart) : busyStart;
    }

    /** The byte behind all that it fetches or will. */
    long end() {
        return aheadStart < aheadEnd ? Math.max(aheadEnd, busyEnd) : busyEnd;
    }

    /** Goes on to the next part of what is to follow; false if there is none. */
    boolean advance(long most) {
        if (aheadStart < aheadEnd) {
            busyStart = aheadStart;
            aheadStart = Math.min(aheadEnd, busyStart + most);
            busyEnd = aheadStart;
        } else if (behindStart < behindEnd) {
            busyStart = behindStart;
            behindStart = Math.min(behindEnd, busyStart + most);
            busyEnd = behindStart;
        } else {
            busyEnd = busyStart;
            return false;
        }
        return true;
    }
}
