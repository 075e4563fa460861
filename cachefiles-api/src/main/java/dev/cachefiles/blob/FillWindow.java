// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

/**
 * Decides how much of a blob is fetched for a miss: learns from the misses where they are dense or run on, and from the
 * fetches what they cost.
 *
 * <p>Not safe for use by several threads.
 */
final class FillWindow {

    /** What a miss fetches of which nothing is known. Reads of 4 KiB at random have four times their bytes fetched. */
    private static final long SMALLEST = 16 << 10;

    /** From here on more is not faster, where a fetch costs no more than its bytes. */
    private static final long LARGEST_LOCAL = 1 << 20;

    /** What the bytes of one fetch from a local source may take: other readers wait meanwhile. */
    private static final double LOCAL_MILLIS = 10;

    /** What the bytes of one fetch from a source with a latency may take. */
    private static final double REMOTE_MILLIS = 500;

    /** So much longer a reader may wait, at least, for the sake of bytes that it has not asked for. */
    private static final double NOTICED_MILLIS = 10;

    /** Larger chunks are for the source to keep. */
    private static final long LARGEST_CHUNK = 4 << 20;

    /** After a fetch of more than was asked for has failed, so many misses fetch only their own ranges. */
    private static final int CAUTIOUS = 16;

    private final long size;
    private final long largest;
    private final long chunk;
    private final Density density;
    private final Streams streams = new Streams();
    private final FillSpeed speed = new FillSpeed();
    private int cautious;

    /** The last plan. */
    private long start;

    private long end;

    FillWindow(long size, long largest, long chunkSize) {
        this.size = size;
        this.largest = largest;
        this.chunk = chunkSize > 0 && chunkSize <= LARGEST_CHUNK ? chunkSize : 1;
        this.density = new Density(size);
    }

    /** Plans the fetch for a miss, which lies in the blob: {@link #start} and {@link #end} are the result. */
    void plan(long missStart, long missEnd) {
        long length = missEnd - missStart;
        start = missStart;
        end = missEnd;
        if (largest == 0) {
            return;
        }
        long before = streams.continued(missStart, missEnd);
        int dense = density.miss(missStart, length);
        if (cautious > 0) {
            cautious--;
        } else {
            long wanted = Math.max(SMALLEST, Math.max(2 * before, forDensity(dense)));
            long window = Long.highestOneBit(Math.max(1, Math.min(wanted, limit())));
            start = Math.min(start, missStart & -window);
            end = Math.max(end, roundUp(missEnd, window));
            streams.fetched(start, end, Math.max(window, length));
        }
        if (chunk > 1) {
            start -= start % chunk;
            end = (end + chunk - 1) / chunk * chunk;
        }
        end = Math.min(end, size);
    }

    /** The first byte of the last {@link #plan}. */
    long start() {
        return start;
    }

    /** The byte behind the last {@link #plan}. */
    long end() {
        return end;
    }

    /** Grows the range of a miss to whole chunks. */
    long chunkStart(long position) {
        return position - position % chunk;
    }

    long chunkEnd(long position) {
        return Math.min(size, (position + chunk - 1) / chunk * chunk);
    }

    private static long forDensity(int quarters) {
        return switch (quarters) {
            case 0 -> 0;
            case 4 -> 128 << 10;
            case 5 -> 512 << 10;
            default -> Long.MAX_VALUE;
        };
    }

    private long limit() {
        if (!speed.isKnown()) {
            return Math.min(largest, LARGEST_LOCAL);
        }
        double limit = speed.isRemote()
                ? Math.min(Math.max(LARGEST_LOCAL, 4 * speed.perLatency()), speed.within(REMOTE_MILLIS))
                : Math.min(LARGEST_LOCAL, speed.within(LOCAL_MILLIS));
        return Math.clamp((long) limit, Math.min(SMALLEST, largest), largest);
    }

    /**
     * Tells whether the reader of a miss is to be answered before the rest of the window is fetched: when it would wait
     * for that noticeably longer.
     */
    boolean isRestNoticed(long missLength, long windowLength) {
        double more = speed.added(windowLength - missLength);
        return speed.isKnown() && more > Math.max(NOTICED_MILLIS * 1e6, speed.whole(missLength) / 2);
    }

    /** A fetch has brought so many bytes. */
    void measured(long bytes, long nanos) {
        speed.measured(bytes, nanos);
    }

    /** A fetch of more than was asked for has failed. */
    void failed() {
        cautious = CAUTIOUS;
    }

    private static long roundUp(long position, long window) {
        long up = (position + window - 1) & -window;
        return up < 0 ? position : up;
    }
}
