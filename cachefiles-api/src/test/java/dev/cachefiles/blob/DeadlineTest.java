// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DeadlineTest {

    @Test
    void outside_of_a_call_there_is_none() throws Exception {
        assertSame(Deadline.NEVER, Deadline.current());
        Deadline.during(() -> 5, () -> assertEquals(5, Deadline.current().nanosLeft()));
        assertSame(Deadline.NEVER, Deadline.current());
    }

    @Test
    void an_inner_one_ends_with_its_call_also_when_that_fails() throws Exception {
        Deadline outer = () -> 5;
        Deadline.during(outer, () -> {
            assertThrows(
                    IOException.class,
                    () -> Deadline.during(Deadline.NEVER, () -> {
                        assertSame(Deadline.NEVER, Deadline.current());
                        throw new IOException("fails");
                    }));
            assertSame(outer, Deadline.current());
        });
    }

    @Test
    void a_step_gets_no_more_than_is_left() {
        var second = Duration.ofSeconds(1);
        assertEquals(second, Deadline.NEVER.atMost(second));
        assertEquals(second, ((Deadline) second::toNanos).atMost(Duration.ofSeconds(2)));
        assertEquals(Duration.ofMillis(1), ((Deadline) () -> -3).atMost(second), "a time limit cannot be zero");
    }

    @Test
    void a_check_fails_when_no_one_waits() {
        assertDoesNotThrow(() -> Deadline.NEVER.check());
        assertThrows(InterruptedIOException.class, () -> ((Deadline) () -> 0).check());
        Thread.currentThread().interrupt();
        assertThrows(InterruptedIOException.class, () -> Deadline.NEVER.check());
        assertTrue(Thread.interrupted(), "stays interrupted");
    }
}
