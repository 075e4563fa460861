// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FillSpeedTest {
    private final FillSpeed speed = new FillSpeed();

    private void fetch(long bytes, long latency, long perByte) {
        speed.measured(bytes, latency + perByte * bytes);
    }

    @Test
    void tells_latency_and_bandwidth_apart() {
        for (int i = 0; i < 20; i++) {
            fetch(16 << 10, 20_000_000, 100);
            fetch(256 << 10, 20_000_000, 100);
        }
        assertEquals(100 * 1000, speed.added(1000), 5000);
        assertEquals(20_000_000 + 100 * 1000, speed.whole(1000), 500_000);
        assertTrue(speed.isRemote());
    }

    @Test
    void takes_all_of_the_time_for_the_bytes_while_it_knows_no_better() {
        fetch(16 << 10, 20_000_000, 0);
        assertEquals(20_000_000, speed.added(16 << 10), 1000);
        assertFalse(speed.isRemote());
    }

    @Test
    void follows_a_source_that_becomes_slower() {
        for (int i = 0; i < 100; i++) {
            fetch(4096L << i % 5, 100_000, 1);
        }
        assertFalse(speed.isRemote());
        for (int i = 0; i < 100; i++) {
            fetch(4096L << i % 5, 50_000_000, 100);
        }
        assertTrue(speed.isRemote());
    }
}
