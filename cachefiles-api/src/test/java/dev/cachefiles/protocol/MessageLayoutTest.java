// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Pins the layouts to include/uapi/linux/cachefiles.h. */
class MessageLayoutTest {

    @Test
    void the_head_has_four_words() {
        assertEquals(16, MessageLayout.MSG.byteSize());
        assertEquals(0, MessageLayout.MSG_ID);
        assertEquals(4, MessageLayout.OPCODE);
        assertEquals(8, MessageLayout.LEN);
        assertEquals(12, MessageLayout.OBJECT_ID);
    }

    @Test
    void an_open_has_four_words_and_the_keys() {
        assertEquals(16, MessageLayout.OPEN_VOLUME_KEY_SIZE);
        assertEquals(20, MessageLayout.OPEN_COOKIE_KEY_SIZE);
        assertEquals(24, MessageLayout.OPEN_FD);
        assertEquals(28, MessageLayout.OPEN_FLAGS);
        assertEquals(32, MessageLayout.OPEN_DATA);
    }

    @Test
    void a_read_has_two_long_words() {
        assertEquals(16, MessageLayout.READ_OFF);
        assertEquals(24, MessageLayout.READ_LEN);
        assertEquals(32, MessageLayout.READ_SIZE);
    }
}
