// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BacklogTest {
    private final Backlog backlog = new Backlog();

    /** How many of so many requests are read without a poll before, if every so many-th has one waiting behind it. */
    private int tries(int requests, int every) {
        int tries = 0;
        for (int i = 1; i <= requests; i++) {
            if (backlog.isLikely()) {
                tries++;
                if (i % every == 0) {
                    backlog.hit();
                } else {
                    backlog.miss();
                }
            }
        }
        return tries;
    }

    @Test
    void a_single_reader_costs_a_read_too_many_in_sixteen_requests() {
        assertEquals(100, tries(1600, Integer.MAX_VALUE));
    }

    @Test
    void many_readers_need_no_poll() {
        assertEquals(1600 - 15, tries(1600, 1));
    }

    @Test
    void one_request_in_two_is_enough() {
        tries(32, 1);
        assertEquals(1600, tries(1600, 2));
    }

    @Test
    void it_forgets_within_eight_misses() {
        tries(32, 1);
        for (int i = 0; i < 8; i++) {
            assertTrue(backlog.isLikely());
            backlog.miss();
        }
        assertFalse(backlog.isLikely());
    }
}
