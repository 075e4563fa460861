// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.TransientException;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BlobStatsTest {

    @Test
    void reads_views_and_failures_are_counted_with_their_times() throws IOException {
        var ticker = new ManualTicker();
        var stats = new BlobStats(ticker);
        var blob = new Blob(1000);
        var delay = Duration.ofMillis(10);
        BlobSource source = stats.over(new DelayingSource(blob, delay, delay, 1, ticker));
        blob.assertReads(source, 0, 300);
        source.view(0, 10);
        blob.viewed = true;
        source.view(0, 200);
        blob.failing(new TransientException("busy"));
        assertThrows(TransientException.class, () -> Blob.read(source, 0, 1));
        BlobStats.Snapshot snapshot = stats.snapshot();
        assertEquals(2, snapshot.reads());
        assertEquals(500, snapshot.bytes());
        assertEquals(1, snapshot.failures());
        assertEquals(3, stats.latencies().count());
        assertTrue(snapshot.median().compareTo(delay) >= 0, snapshot.toString());
        assertTrue(snapshot.longest().compareTo(Duration.ofNanos(11_250_000)) <= 0, snapshot.toString());
    }

    @Test
    void what_is_said_of_times_is_never_too_small_and_at_most_an_eighth_too_large() {
        var random = new Random(3);
        for (int i = 0; i < 5_000; i++) {
            long nanos = random.nextLong() >>> (1 + random.nextInt(62));
            var histogram = new LatencyHistogram();
            histogram.record(nanos);
            long said = histogram.quantile(1).toNanos();
            assertTrue(said >= nanos && said - nanos <= nanos / 8, () -> nanos + " is said to be " + said);
        }
    }

    @Test
    void quantiles_divide_what_was_counted() {
        var histogram = new LatencyHistogram();
        assertEquals(Duration.ZERO, histogram.quantile(0.5));
        for (int i = 0; i < 99; i++) {
            histogram.record(3);
        }
        histogram.record(Long.MAX_VALUE);
        histogram.record(-1);
        assertEquals(Duration.ZERO, histogram.quantile(0));
        assertEquals(Duration.ofNanos(3), histogram.quantile(0.5));
        assertEquals(Duration.ofNanos(Long.MAX_VALUE), histogram.quantile(1));
        assertThrows(IllegalArgumentException.class, () -> histogram.quantile(1.1));
    }
}
