// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;

/**
 * The READs of an object that have just missed their deadlines. The kernel asks once more for each such range before its
 * reader gets an error; that second try is recognised here, so that the reader does not wait for two deadlines.
 *
 * <p>Safe for use by several threads. Without a miss, a look costs no lock.
 */
final class MissedReads {

    /** The kernel tries again at once; what comes later is another reader's, and has a deadline of its own. */
    private static final long AT_ONCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final int MOST = 256;

    private record Miss(long offset, long length, long time) {
        boolean covers(long position) {
            return offset <= position && position - offset < length;
        }
    }

    private final Deque<Miss> misses = new ArrayDeque<>();
    private volatile boolean any;

    /** A READ was completed without data since its deadline had passed. */
    synchronized void add(ReadRequest request, long now) {
        if (misses.size() == MOST) {
            misses.removeFirst();
        }
        misses.addLast(new Miss(request.offset(), request.length(), now));
        any = true;
    }

    /** Tells whether a READ is the second try of one that was missed, of which there is one. */
    boolean take(ReadRequest request) {
        return any && find(request.offset(), request.delivered());
    }

    private synchronized boolean find(long position, long now) {
        boolean found = false;
        for (Iterator<Miss> all = misses.iterator(); all.hasNext(); ) {
            Miss miss = all.next();
            boolean takes = !found && miss.covers(position) && now - miss.time() <= AT_ONCE_NANOS;
            if (takes || now - miss.time() > AT_ONCE_NANOS) {
                all.remove();
                found |= takes;
            }
        }
        any = !misses.isEmpty();
        return found;
    }
}
