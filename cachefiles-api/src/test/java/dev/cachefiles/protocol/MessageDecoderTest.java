// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CookieKey;
import dev.cachefiles.ProtocolException;
import dev.cachefiles.VolumeKey;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class MessageDecoderTest {

    /** mount -t erofs -o domain_id=d,fsid=ab. */
    private static final byte[] OPEN = bytes(
            3, 0, 0, 0, // msg_id=3
            0, 0, 0, 0, // opcode=OPEN
            43, 0, 0, 0, // len=43
            5, 0, 0, 0, // object_id=5
            9, 0, 0, 0, // volume_key_size=9
            2, 0, 0, 0, // cookie_key_size=2
            17, 0, 0, 0, // fd=17
            0, 0, 0, 0, // flags=0
            'e', 'r', 'o', 'f', 's', ',', 'd', 'x', 0, // volume key, with its NUL
            'a', 'b'); // cookie key, without one

    private static final byte[] READ = bytes(
            255, 255, 255, 255, // msg_id=4294967295
            2, 0, 0, 0, // opcode=READ
            32, 0, 0, 0, // len=32
            5, 0, 0, 0, // object_id=5
            0, 16, 0, 0, 1, 0, 0, 0, // off=4 GiB + 4096
            0, 0, 2, 0, 0, 0, 0, 0); // len=131072

    private static final byte[] CLOSE = bytes(
            9, 0, 0, 0, // msg_id=9
            1, 0, 0, 0, // opcode=CLOSE
            16, 0, 0, 0, // len=16
            255, 255, 255, 255); // object_id of an object whose fd was closed already

    @Test
    void decodes_an_open() throws Exception {
        assertEquals(new Message.Open(3, 5, 17, 0, VolumeKey.of("erofs,dx"), CookieKey.of("ab")), decode(OPEN));
    }

    @Test
    void decodes_a_read_beyond_4_gib() throws Exception {
        assertEquals(new Message.Read(-1, 5, (1L << 32) + 4096, 131072), decode(READ));
    }

    @Test
    void decodes_a_close_without_an_object() throws Exception {
        assertEquals(new Message.Close(9, -1), decode(CLOSE));
    }

    @Test
    void keeps_keys_as_bytes() throws Exception {
        byte[] open = OPEN.clone();
        open[41] = (byte) 0xff;
        open[42] = 0;
        var message = (Message.Open) decode(open);
        assertTrue(message.cookie().text().isEmpty());
        assertEquals("\\xff\\x00", message.cookie().toString());
    }

    @Test
    void takes_the_kernels_largest_open() throws Exception {
        var largest = new Message.Open(1, 2, 3, 0, VolumeKey.of("v".repeat(255)), CookieKey.of("c".repeat(255)));
        byte[] encoded = MessageEncoder.encode(largest);
        assertEquals(543, encoded.length);
        assertEquals(largest, decode(encoded));
    }

    @Test
    void refuses_what_is_too_short_for_a_head() {
        assertMalformed("message of 15 bytes", Arrays.copyOf(CLOSE, 15));
        assertMalformed("message of 0 bytes", new byte[0]);
    }

    @Test
    void refuses_a_length_that_is_not_the_messages_own() {
        assertMalformed("len 16 in a message of 17", Arrays.copyOf(CLOSE, 17));
        assertMalformed("len 33", with(READ, 8, 33));
    }

    @Test
    void refuses_more_bytes_than_the_buffer_has() {
        var exception =
                assertThrows(ProtocolException.class, () -> MessageDecoder.decode(MemorySegment.ofArray(CLOSE), 17));
        assertTrue(exception.getMessage().contains("message of 17 bytes"), exception.getMessage());
    }

    @Test
    void refuses_an_unknown_opcode() {
        assertMalformed("opcode 3", with(CLOSE, 4, 3));
        assertMalformed("opcode 4294967295", with(CLOSE, 4, -1));
    }

    @Test
    void refuses_keys_that_do_not_fill_the_message() {
        assertMalformed("keys of 9 and 1", with(OPEN, 20, 1));
        assertMalformed("keys of 9 and 4294967295", with(OPEN, 20, -1));
        assertMalformed("keys of 4294967295 and 2", with(OPEN, 16, -1));
    }

    @Test
    void refuses_a_volume_key_without_nul() {
        assertMalformed("does not end with NUL", with(with(OPEN, 16, 8), 20, 3));
        assertMalformed("does not end with NUL", with(with(OPEN, 16, 0), 20, 11));
    }

    @Test
    void refuses_a_negative_fd() {
        assertMalformed("fd -1", with(OPEN, 24, -1));
    }

    @Test
    void refuses_an_open_without_a_payload() {
        assertMalformed("OPEN of 16 bytes", with(CLOSE, 4, 0));
    }

    @Test
    void refuses_a_read_of_nothing_or_of_an_impossible_range() {
        assertMalformed("len 0", with(with(READ, 24, 0), 28, 0));
        assertMalformed("off 9223372036854775808", with(with(READ, 16, 0), 20, 0x80000000));
        assertMalformed("READ with off 9223372036854771711", withLong(READ, 16, Long.MAX_VALUE - 4096));
    }

    @Test
    void says_which_bytes_were_wrong() {
        assertMalformed("bytes 09000000030000001000000" + "0ffffffff", with(CLOSE, 4, 3));
    }

    @Test
    void finds_the_id_and_the_fd_of_an_open_that_is_malformed() {
        var open = MemorySegment.ofArray(with(OPEN, 16, 8));
        assertEquals(OptionalInt.of(3), MessageDecoder.refusableOpen(open, 43));
        assertEquals(OptionalInt.of(17), MessageDecoder.strandedFd(open, 43));
        assertEquals(OptionalInt.empty(), MessageDecoder.strandedFd(open, 31));
        assertEquals(OptionalInt.empty(), MessageDecoder.refusableOpen(open, 15));
        assertEquals(OptionalInt.empty(), MessageDecoder.refusableOpen(MemorySegment.ofArray(READ), 32));
        assertEquals(OptionalInt.empty(), MessageDecoder.strandedFd(MemorySegment.ofArray(with(OPEN, 24, -1)), 43));
    }

    private static Message decode(byte[] message) throws ProtocolException {
        return MessageDecoder.decode(MemorySegment.ofArray(message), message.length);
    }

    private static void assertMalformed(String expected, byte[] message) {
        var exception = assertThrows(ProtocolException.class, () -> decode(message));
        assertTrue(exception.getMessage().contains(expected), exception.getMessage());
    }

    private static byte[] with(byte[] message, int offset, int word) {
        byte[] copy = message.clone();
        ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, word);
        return copy;
    }

    private static byte[] withLong(byte[] message, int offset, long word) {
        byte[] copy = message.clone();
        ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putLong(offset, word);
        return copy;
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
