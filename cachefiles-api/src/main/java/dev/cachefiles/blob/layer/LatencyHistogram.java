// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts times in buckets that get wider: each is at most an eighth of its times wide, so what is said of a time is less
 * than 12.5 % too large. Records without a lock or an allocation; safe for use by several threads.
 */
public final class LatencyHistogram {
    private static final int SUB_BITS = 3;
    private static final int SUB_COUNT = 1 << SUB_BITS;
    private static final int BUCKETS = (Long.SIZE - SUB_BITS) * SUB_COUNT;

    private final AtomicLongArray counts;

    /** Makes an empty histogram. */
    public LatencyHistogram() {
        this.counts = new AtomicLongArray(BUCKETS);
    }

    /**
     * Counts a time.
     *
     * @param nanos nanoseconds; negative counts as zero
     */
    public void record(long nanos) {
        counts.incrementAndGet(bucket(Math.max(0, nanos)));
    }

    /**
     * Gives the number of times counted.
     *
     * @return the number
     */
    public long count() {
        long sum = 0;
        for (int i = 0; i < BUCKETS; i++) {
            sum += counts.get(i);
        }
        return sum;
    }

    /**
     * Gives the time that a share of all counted times does not exceed.
     *
     * @param share from 0 to 1, for instance 0.99
     * @return the time, at most 12.5 % too large; zero if nothing was counted
     * @throws IllegalArgumentException if {@code share} is not from 0 to 1
     */
    public Duration quantile(double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("share " + share + " is not from 0 to 1");
        }
        long rank = Math.max(1, (long) Math.ceil(share * count()));
        for (int i = 0; i < BUCKETS; i++) {
            rank -= counts.get(i);
            if (rank <= 0) {
                return Duration.ofNanos(largest(i));
            }
        }
        return Duration.ZERO;
    }

    private static int bucket(long nanos) {
        if (nanos < SUB_COUNT) {
            return (int) nanos;
        }
        int shift = Long.SIZE - 1 - SUB_BITS - Long.numberOfLeadingZeros(nanos);
        return (shift << SUB_BITS) + (int) (nanos >>> shift);
    }

    private static long largest(int bucket) {
        if (bucket < SUB_COUNT) {
            return bucket;
        }
        int shift = (bucket >> SUB_BITS) - 1;
        long first = (long) (bucket - (shift << SUB_BITS)) << shift;
        return first + (1L << shift) - 1;
    }
}
