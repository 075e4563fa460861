// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.PermanentException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FaultInjectionTest {
    private final Blob blob = new Blob(1000);

    @Test
    void a_share_of_calls_fails_the_same_ones_for_a_seed() throws IOException {
        List<Integer> failed = failed(0.25, 7);
        assertTrue(failed.size() > 200 && failed.size() < 300, () -> failed.size() + " of 1000");
        assertEquals(failed, failed(0.25, 7));
        assertNotEquals(failed, failed(0.25, 8));
        assertEquals(0, failed(0, 7).size());
        assertEquals(1000, failed(1, 7).size());
    }

    private List<Integer> failed(double share, long seed) throws IOException {
        BlobSource source = new FailingSource(blob, share, seed);
        var failed = new ArrayList<Integer>();
        for (int i = 0; i < 1000; i++) {
            try {
                blob.assertReads(source, i, 1);
            } catch (IOException e) {
                failed.add(i);
            }
        }
        return failed;
    }

    @Test
    void views_fail_too_and_with_what_was_asked_for() {
        BlobSource source = new FailingSource(blob, 1, 1, () -> new PermanentException("mine"));
        assertEquals(
                "mine",
                assertThrows(PermanentException.class, () -> source.view(0, 1)).getMessage());
    }

    @Test
    void one_bit_is_changed() throws IOException {
        BlobSource source = new CorruptingSource(blob, 0.5, 1);
        int corrupted = 0;
        for (int i = 0; i < 100; i++) {
            byte[] read = Blob.read(source, 100, 800);
            byte[] right = blob.range(100, 800);
            int bits = 0;
            for (int at = 0; at < read.length; at++) {
                bits += Integer.bitCount((read[at] ^ right[at]) & 0xff);
            }
            assertTrue(bits <= 1);
            corrupted += bits;
        }
        assertTrue(corrupted > 30 && corrupted < 70, corrupted + " of 100");
        blob.viewed = true;
        assertEquals(Optional.empty(), source.view(0, 10));
        assertEquals(0, Blob.read(source, 5, 0).length);
    }

    @Test
    void each_call_is_delayed_within_bounds() throws IOException {
        var ticker = new ManualTicker();
        BlobSource source = new DelayingSource(blob, Duration.ofMillis(5), Duration.ofMillis(9), 1, ticker);
        var seen = new BitSet();
        for (int i = 0; i < 200; i++) {
            blob.assertReads(source, 0, 10);
        }
        assertEquals(200, ticker.sleeps.size());
        for (Duration sleep : ticker.sleeps) {
            assertTrue(sleep.toNanos() >= 5_000_000 && sleep.toNanos() <= 9_000_000, sleep.toString());
            seen.set((int) sleep.toMillis());
        }
        assertEquals("{5, 6, 7, 8}", seen.toString());
    }

    @Test
    void senseless_numbers_are_refused() {
        var ticker = new ManualTicker();
        assertThrows(IllegalArgumentException.class, () -> new FailingSource(blob, 1.1, 1));
        assertThrows(IllegalArgumentException.class, () -> new CorruptingSource(blob, Double.NaN, 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> new DelayingSource(blob, Duration.ofMillis(2), Duration.ofMillis(1), 1, ticker));
    }
}
