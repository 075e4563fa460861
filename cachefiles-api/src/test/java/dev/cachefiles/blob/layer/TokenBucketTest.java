// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.TransientException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenBucketTest {
    private final ManualTicker ticker = new ManualTicker();
    private final TokenBucket bucket = new TokenBucket(1000, 500, ticker);

    @Test
    void a_burst_passes_and_then_the_rate_holds() throws IOException {
        bucket.take(500);
        assertEquals(List.of(), ticker.sleeps);
        for (int i = 0; i < 10; i++) {
            bucket.take(100);
        }
        assertEquals(Duration.ofSeconds(1), ticker.slept());
    }

    @Test
    void more_than_it_holds_waits_as_long_as_that_takes() throws IOException {
        bucket.take(2500);
        assertEquals(Duration.ofSeconds(2), ticker.slept());
    }

    @Test
    void no_more_than_a_burst_is_saved_up() throws IOException {
        ticker.advance(Duration.ofHours(1));
        bucket.take(501);
        assertEquals(Duration.ofMillis(1), ticker.slept());
    }

    @Test
    void what_would_come_after_the_deadline_fails_at_once_and_takes_nothing() throws IOException {
        bucket.take(500);
        Deadline.during(ticker.in(Duration.ofSeconds(1)), () -> {
            var e = assertThrows(TransientException.class, () -> bucket.take(1000));
            assertEquals(Duration.ofSeconds(1), e.retryAfter().orElseThrow());
            bucket.take(999);
        });
        assertEquals(List.of(Duration.ofMillis(999)), ticker.sleeps);
    }

    @Test
    void an_interrupt_takes_nothing() throws IOException {
        bucket.take(500);
        Thread.currentThread().interrupt();
        assertThrows(InterruptedIOException.class, () -> bucket.take(1000));
        assertTrue(Thread.interrupted());
        bucket.take(100);
        assertEquals(Duration.ofMillis(100), ticker.slept());
    }

    @Test
    void sources_share_a_rate() throws IOException {
        var blob = new Blob(1000);
        BlobSource one = new RateLimitedSource(blob, bucket);
        BlobSource two = new RateLimitedSource(blob, bucket);
        blob.assertReads(one, 0, 500);
        blob.assertReads(two, 0, 500);
        assertEquals(Duration.ofMillis(500), ticker.slept());
        two.view(0, 1000);
        assertEquals(Duration.ofMillis(500), ticker.slept(), "there is no view to be limited");
        blob.viewed = true;
        two.view(0, 1000);
        assertEquals(Duration.ofMillis(1500), ticker.slept());
    }

    @Test
    void senseless_numbers_are_refused() {
        assertThrows(IllegalArgumentException.class, () -> new TokenBucket(0, 1));
        assertThrows(IllegalArgumentException.class, () -> new TokenBucket(1, 0));
    }
}
