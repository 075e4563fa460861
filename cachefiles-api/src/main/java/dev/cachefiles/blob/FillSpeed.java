// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

/**
 * What it takes to bring bytes from one source into the cache: a time for each fetch, and a time for each byte.
 *
 * <p>Both are found by a straight line through the fetches of late, of which older ones count less.
 *
 * <p>Not safe for use by several threads.
 */
final class FillSpeed {
    private static final double KEPT = 0.95;
    private static final double ONE_MILLI = 1e6;

    private double weight;
    private double bytes;
    private double nanos;
    private double squares;
    private double products;

    private double perByte;
    private double perFetch;

    void measured(long fetched, long took) {
        double n = fetched;
        double t = Math.max(1, took);
        weight = KEPT * weight + 1;
        bytes = KEPT * bytes + n;
        nanos = KEPT * nanos + t;
        squares = KEPT * squares + n * n;
        products = KEPT * products + n * t;
        double meanBytes = bytes / weight;
        double meanNanos = nanos / weight;
        // Until there are fetches of several sizes, all of the time may be the bytes'.
        double highest = nanos / bytes;
        double variance = squares / weight - meanBytes * meanBytes;
        double slope = variance < meanBytes * meanBytes / 16
                ? highest
                : (products / weight - meanBytes * meanNanos) / variance;
        perByte = Math.clamp(slope, highest / 64, highest);
        perFetch = Math.max(0, meanNanos - perByte * meanBytes);
    }

    boolean isKnown() {
        return weight > 0;
    }

    /** Nanoseconds that these bytes add to a fetch. */
    double added(long fetched) {
        return perByte * fetched;
    }

    /** Nanoseconds that a fetch of this size takes. */
    double whole(long fetched) {
        return perFetch + perByte * fetched;
    }

    /** Bytes that a fetch can have in this time beyond what each fetch takes. */
    double within(double milliseconds) {
        return milliseconds * ONE_MILLI / perByte;
    }

    /** Bytes that could come in the time that each fetch takes, whatever its size. */
    double perLatency() {
        return perFetch / perByte;
    }

    /** Tells whether a fetch waits for longer than one from a local file does. */
    boolean isRemote() {
        return perFetch > 2 * ONE_MILLI;
    }
}
