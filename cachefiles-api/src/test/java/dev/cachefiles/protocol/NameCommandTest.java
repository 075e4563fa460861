// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NameCommandTest {

    @Test
    void any_bytes_of_a_name_are_written_as_they_are() {
        byte[] name = {'I', (byte) 0xff, ' ', 'b', ' '};
        assertArrayEquals(
                new byte[] {'c', 'u', 'l', 'l', ' ', 'I', (byte) 0xff, ' ', 'b', ' '},
                NameCommand.cull(name).toArray(ValueLayout.JAVA_BYTE));
        assertEquals(
                "inuse Da",
                new String(
                        NameCommand.inUse("Da".getBytes(StandardCharsets.UTF_8)).toArray(ValueLayout.JAVA_BYTE),
                        StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a/b", "/", "a\nb", "\na", "a\n", "a\0", " a", "\ta", "\u00a0a"})
    void a_name_that_the_kernel_would_take_for_another_is_refused(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.ISO_8859_1);
        assertFalse(NameCommand.canName(bytes));
        String message = assertThrows(IllegalArgumentException.class, () -> NameCommand.cull(bytes))
                .getMessage();
        assertFalse(message.contains("\n"), message);
    }

    @Test
    void a_name_has_at_most_255_bytes() {
        assertEquals(
                260,
                NameCommand.cull("n".repeat(255).getBytes(StandardCharsets.UTF_8))
                        .byteSize());
        assertFalse(NameCommand.canName("n".repeat(256).getBytes(StandardCharsets.UTF_8)));
    }
}
