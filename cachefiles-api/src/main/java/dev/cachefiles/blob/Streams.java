// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

/**
 * The places of a blob where fetches have just ended, to recognise misses that go on from there, forwards or backwards.
 *
 * <p>Not safe for use by several threads.
 */
final class Streams {
    private static final int KEPT = 8;

    private final long[] starts = new long[KEPT];
    private final long[] ends = new long[KEPT];

    /** Bytes of the last fetch; 0 if there is none. */
    private final long[] sizes = new long[KEPT];

    private int current;
    private int oldest;

    /** Gives the size of the fetch that a miss goes on from, which is within reach of it; 0 if there is none. */
    long continued(long start, long end) {
        for (int i = 0; i < KEPT; i++) {
            boolean onwards = start >= ends[i] && start - ends[i] <= sizes[i];
            boolean back = end <= starts[i] && starts[i] - end <= sizes[i];
            if (sizes[i] > 0 && (onwards || back)) {
                current = i;
                return sizes[i];
            }
        }
        current = oldest;
        oldest = (oldest + 1) % KEPT;
        return 0;
    }

    /** Notes the fetch that was made for the miss of which {@link #continued} was asked last. */
    void fetched(long start, long end, long size) {
        starts[current] = start;
        ends[current] = end;
        sizes[current] = size;
    }
}
