// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandTest {

    @Test
    void answers_an_open() {
        assertEquals("copen 7,5738396", Command.accept(7, 5738396).text());
        assertEquals("copen 4294967295,0", Command.accept(-1, 0).text());
        assertEquals("copen 7,-2", Command.refuse(7, Errno.ENOENT).text());
    }

    @Test
    void has_no_negative_size_that_would_read_as_an_error() {
        assertThrows(IllegalArgumentException.class, () -> Command.accept(7, -5));
    }

    @Test
    void keeps_blanks_within_an_argument() {
        assertEquals("dir /var/cache/a b", Command.of("dir", "/var/cache/a b").text());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " x", "x ", "\tx", "x\t", "a\nb", "a\0b", "x\r", "a\ud800b"})
    void refuses_an_argument_that_the_kernel_would_change_or_refuse(String argument) {
        assertThrows(IllegalArgumentException.class, () -> Command.of("tag", argument));
    }

    @Test
    void refuses_what_does_not_fit_into_a_page() {
        assertEquals(4095, Command.of("dir", "x".repeat(4091)).bytes().byteSize());
        assertThrows(IllegalArgumentException.class, () -> Command.of("dir", "x".repeat(4092)));
        assertThrows(IllegalArgumentException.class, () -> Command.of("dir", "\u00fc".repeat(2046)));
    }
}
