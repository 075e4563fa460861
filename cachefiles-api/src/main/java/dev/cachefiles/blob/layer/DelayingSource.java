// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobSource;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;

/**
 * Waits a random time before each range, for tests of what is above: a server that is far away. The same seed gives the
 * same times.
 */
public final class DelayingSource extends GatedSource {
    private final Dice dice;
    private final long shortest;
    private final long span;
    private final Ticker ticker;

    /**
     * Wraps a source.
     *
     * @param source   the source, owned by this one from now on
     * @param shortest the shortest wait, not negative
     * @param longest  the longest wait, not less than {@code shortest}
     * @param seed     which ones
     * @param ticker   the clock to wait by
     * @throws IllegalArgumentException if the waits are no range from zero on
     */
    public DelayingSource(BlobSource source, Duration shortest, Duration longest, long seed, Ticker ticker) {
        super(source);
        if (shortest.isNegative() || shortest.compareTo(longest) > 0) {
            throw new IllegalArgumentException("waits from " + shortest + " to " + longest + " are no range");
        }
        this.dice = new Dice(1, seed);
        this.shortest = shortest.toNanos();
        this.span = longest.toNanos() - this.shortest;
        this.ticker = Objects.requireNonNull(ticker, "ticker");
    }

    @Override
    void pass() throws IOException {
        Failures.sleep(ticker, shortest + dice.next(span + 1), "delayed for a test");
    }
}
