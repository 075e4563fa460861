// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.CookieKey;
import dev.cachefiles.ProtocolException;
import dev.cachefiles.VolumeKey;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;

class MessageDecoderProperties {

    /** Total: whatever the bytes, a message that encodes to the same bytes, or a ProtocolException. */
    @Property(tries = 2000)
    void any_bytes_give_a_message_or_a_protocol_exception(@ForAll @Size(max = 1100) byte[] bytes) {
        assertTotal(bytes, bytes.length);
    }

    /** Most random bytes fail at the length; these have the right one and a known opcode. */
    @Property(tries = 2000)
    void any_body_after_a_right_head_gives_a_message_or_a_protocol_exception(
            @ForAll @Size(min = 16, max = 120) byte[] bytes, @ForAll @IntRange(max = 3) int opcode) {
        byte[] message = bytes.clone();
        ByteBuffer.wrap(message)
                .order(ByteOrder.nativeOrder())
                .putInt(4, opcode)
                .putInt(8, message.length);
        assertTotal(message, message.length);
    }

    /** An OPEN whose key sizes fit by construction, so that all of the decoder is reached. */
    @Property(tries = 2000)
    void any_open_with_fitting_keys_gives_a_message_or_a_protocol_exception(
            @ForAll @Size(min = 32, max = 600) byte[] bytes, @ForAll @IntRange(max = 600) int split) {
        byte[] message = bytes.clone();
        int keys = message.length - 32;
        int volume = Math.min(split, keys);
        ByteBuffer buffer = ByteBuffer.wrap(message)
                .order(ByteOrder.nativeOrder())
                .putInt(4, 0)
                .putInt(8, message.length)
                .putInt(16, volume)
                .putInt(20, keys - volume);
        if (volume > 0 && split % 2 == 0) {
            buffer.put(32 + volume - 1, (byte) 0);
        }
        assertTotal(message, message.length);
    }

    @Property(tries = 500)
    void any_length_gives_a_message_or_a_protocol_exception(@ForAll @Size(max = 64) byte[] bytes, @ForAll int length) {
        try {
            MessageDecoder.decode(MemorySegment.ofArray(bytes), length);
        } catch (ProtocolException e) {
            // as it should be
        }
        var ignored = MessageDecoder.strandedFd(MemorySegment.ofArray(bytes), length);
    }

    @Property
    void an_open_survives_encoding(
            @ForAll int messageId,
            @ForAll int objectId,
            @ForAll @IntRange int fd,
            @ForAll @Size(max = 255) byte[] volume,
            @ForAll @Size(max = 255) byte[] cookie)
            throws Exception {
        assertSurvives(new Message.Open(messageId, objectId, fd, 0, VolumeKey.of(volume), CookieKey.of(cookie)));
    }

    @Property
    void a_read_survives_encoding(
            @ForAll int messageId,
            @ForAll int objectId,
            @ForAll @LongRange(max = Long.MAX_VALUE / 2) long offset,
            @ForAll @LongRange(min = 1, max = Long.MAX_VALUE / 2) long length)
            throws Exception {
        assertSurvives(new Message.Read(messageId, objectId, offset, length));
    }

    @Property
    void a_close_survives_encoding(@ForAll int messageId, @ForAll int objectId) throws Exception {
        assertSurvives(new Message.Close(messageId, objectId));
    }

    private static void assertSurvives(Message message) throws ProtocolException {
        byte[] bytes = MessageEncoder.encode(message);
        assertEquals(message, MessageDecoder.decode(MemorySegment.ofArray(bytes), bytes.length));
        assertQuick(message, bytes, bytes.length);
    }

    /** The quick way takes the READs that are good, and nothing else. */
    private static void assertQuick(@Nullable Message message, byte[] bytes, int length) {
        var buffer = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        assertEquals(message instanceof Message.Read, MessageDecoder.isRead(buffer, length));
        if (message instanceof Message.Read) {
            assertEquals(
                    message,
                    new Message.Read(
                            MessageDecoder.readMessageId(buffer),
                            MessageDecoder.readObjectId(buffer),
                            MessageDecoder.readOffset(buffer),
                            MessageDecoder.readLength(buffer)));
        }
    }

    private static void assertTotal(byte[] bytes, int length) {
        Message message;
        try {
            message = MessageDecoder.decode(MemorySegment.ofArray(bytes), length);
        } catch (ProtocolException e) {
            assertQuick(null, bytes, length);
            return;
        }
        assertQuick(message, bytes, length);
        assertEquals(ByteBuffer.wrap(bytes, 0, length), ByteBuffer.wrap(MessageEncoder.encode(message)));
    }
}
