// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {
    private final ManualTicker ticker = new ManualTicker();
    private final CircuitBreaker breaker = new CircuitBreaker(3, Duration.ofSeconds(2), Duration.ofSeconds(6), ticker);

    private void open() {
        for (int i = 0; i < 3; i++) {
            assertTrue(breaker.tryAcquire());
            breaker.failed();
        }
    }

    @Test
    void failures_in_a_row_open_it() {
        breaker.failed();
        breaker.failed();
        breaker.succeeded();
        breaker.failed();
        breaker.failed();
        assertTrue(breaker.tryAcquire(), "a success begins a new row");
        breaker.failed();
        assertFalse(breaker.tryAcquire());
        assertTrue(breaker.isOpen());
    }

    @Test
    void after_a_time_one_call_probes() {
        open();
        assertEquals(Duration.ofSeconds(2), breaker.untilProbe());
        ticker.advance(Duration.ofMillis(1999));
        assertFalse(breaker.tryAcquire());
        ticker.advance(Duration.ofMillis(1));
        assertTrue(breaker.tryAcquire());
        assertFalse(breaker.tryAcquire(), "one at a time");
        breaker.succeeded();
        assertTrue(breaker.tryAcquire());
        assertTrue(breaker.tryAcquire());
    }

    @Test
    void each_failed_probe_doubles_the_time_up_to_the_longest() {
        open();
        for (int seconds : new int[] {2, 4, 6, 6}) {
            assertEquals(Duration.ofSeconds(seconds), breaker.untilProbe());
            ticker.advance(Duration.ofSeconds(seconds));
            assertTrue(breaker.tryAcquire());
            breaker.failed();
        }
    }

    @Test
    void a_probe_that_was_given_up_lets_another_one_in() {
        open();
        ticker.advance(Duration.ofSeconds(2));
        assertTrue(breaker.tryAcquire());
        breaker.cancelled();
        assertTrue(breaker.tryAcquire());
    }

    @Test
    void a_late_failure_of_a_call_from_before_changes_nothing() {
        open();
        ticker.advance(Duration.ofSeconds(1));
        breaker.failed();
        assertEquals(Duration.ofSeconds(1), breaker.untilProbe());
    }

    @Test
    void senseless_numbers_are_refused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new CircuitBreaker(0, Duration.ofSeconds(1), Duration.ofSeconds(1), ticker));
        assertThrows(
                IllegalArgumentException.class,
                () -> new CircuitBreaker(1, Duration.ofSeconds(2), Duration.ofSeconds(1), ticker));
    }
}
