// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/** Counts what is read through a layer, and how long that takes. Safe for use by several threads. */
public final class BlobStats implements BlobLayer {
    private final Ticker ticker;
    private final LongAdder reads = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LatencyHistogram latencies = new LatencyHistogram();

    /**
     * What was counted up to a moment.
     *
     * @param reads    ranges that were read or viewed
     * @param bytes    bytes in them
     * @param failures ranges that could not be had
     * @param median   time that half of all ranges took at most
     * @param p99      time that 99 of 100 ranges took at most
     * @param longest  time that all ranges took at most
     */
    public record Snapshot(long reads, long bytes, long failures, Duration median, Duration p99, Duration longest) {}

    /** Counts by the clock of the machine. */
    public BlobStats() {
        this(Ticker.system());
    }

    /**
     * Counts by another clock.
     *
     * @param ticker the clock
     */
    public BlobStats(Ticker ticker) {
        this.ticker = Objects.requireNonNull(ticker, "ticker");
    }

    @Override
    public BlobSource over(BlobSource source, BlobKey key) {
        return over(source);
    }

    /**
     * Wraps a source.
     *
     * @param source the source
     * @return a source whose reads are counted here
     */
    public BlobSource over(BlobSource source) {
        return new StatsSource(source, this);
    }

    /**
     * Gives what was counted.
     *
     * @return the counts, each right, not necessarily of the same moment
     */
    public Snapshot snapshot() {
        return new Snapshot(
                reads.sum(),
                bytes.sum(),
                failures.sum(),
                latencies.quantile(0.5),
                latencies.quantile(0.99),
                latencies.quantile(1));
    }

    /**
     * Gives the times of all ranges, also of those that could not be had.
     *
     * @return the histogram that goes on counting
     */
    public LatencyHistogram latencies() {
        return latencies;
    }

    private void count(long start, long length, boolean good) {
        latencies.record(ticker.nanoTime() - start);
        if (good) {
            reads.increment();
            bytes.add(length);
        } else {
            failures.increment();
        }
    }

    private static final class StatsSource extends ForwardingBlobSource {
        private final BlobStats stats;

        StatsSource(BlobSource source, BlobStats stats) {
            super(source);
            this.stats = stats;
        }

        @Override
        public void read(long offset, MemorySegment target) throws IOException {
            long start = stats.ticker.nanoTime();
            boolean good = false;
            try {
                source().read(offset, target);
                good = true;
            } finally {
                stats.count(start, target.byteSize(), good);
            }
        }

        @Override
        public Optional<MemorySegment> view(long offset, long length) throws IOException {
            long start = stats.ticker.nanoTime();
            try {
                Optional<MemorySegment> view = source().view(offset, length);
                if (view.isPresent()) {
                    stats.count(start, length, true);
                }
                return view;
            } catch (Throwable t) {
                stats.count(start, length, false);
                throw t;
            }
        }
    }
}
