// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class LoggingListenerTest {

    @Test
    void a_hostile_message_cannot_forge_a_second_line() {
        assertEquals(
                "java.io.IOException: a\\x0ab\\x1b[31m", LoggingListener.describe(new IOException("a\nb\u001b[31m")));
    }

    @Test
    void an_error_of_the_kernel_is_told_without_the_name_of_a_class() {
        assertEquals(
                "write o1: ENOSPC (28)", LoggingListener.describe(new CachefilesException("write o1", Errno.ENOSPC)));
        assertEquals("java.io.IOException: f\u00fcr", LoggingListener.describe(new IOException("f\u00fcr")));
    }

    @Test
    void a_listener_that_throws_is_contained() {
        var heard = new AtomicBoolean();
        var throwing = new OnDemandListener() {
            @Override
            public void trouble(Throwable cause) {
                heard.set(true);
                throw new StackOverflowError();
            }
        };
        assertDoesNotThrow(() -> new LoggingListener(throwing).trouble(new IOException("x")));
        assertTrue(heard.get());
    }
}
