// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** How long reads took. */
final class Latencies {
    private final long[] sorted;

    /** Takes the times in nanoseconds, in any order. */
    Latencies(long[] nanos) {
        this.sorted = nanos.clone();
        Arrays.sort(sorted);
    }

    /** Reads what the program {@code reader} has written. */
    static Latencies read(Path file) throws IOException {
        var numbers = ByteBuffer.wrap(Files.readAllBytes(file))
                .order(ByteOrder.nativeOrder())
                .asLongBuffer();
        long[] nanos = new long[numbers.remaining()];
        numbers.get(nanos);
        return new Latencies(nanos);
    }

    /**
     * Gives a percentile of all reads, hits and misses.
     *
     * @param fraction such as 0.99
     * @return nanoseconds; 0 if there were no reads
     */
    long ofReads(double fraction) {
        return ofMisses(sorted.length, fraction);
    }

    /**
     * Gives a percentile of the reads that were misses. Which ones were is not known, but how many READs there were: so
     * many of the slowest.
     *
     * @param misses   number of READs
     * @param fraction such as 0.99
     * @return nanoseconds; 0 if there were no misses
     */
    long ofMisses(long misses, double fraction) {
        int count = (int) Math.min(misses, sorted.length);
        if (count == 0) {
            return 0;
        }
        int first = sorted.length - count;
        return sorted[first + (int) Math.ceil(fraction * count) - 1];
    }
}
