// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * {@link Message} to bytes, as the kernel would write them: the other half of {@link MessageDecoder}, for a kernel made
 * of Java objects and for tests.
 *
 * <p>Pure and safe for use by several threads.
 */
public final class MessageEncoder {

    private MessageEncoder() {}

    /**
     * Encodes one message.
     *
     * @param message the message
     * @return its bytes in host order
     */
    public static byte[] encode(Message message) {
        return switch (message) {
            case Message.Open open -> {
                byte[] volume = open.volume().bytes();
                byte[] cookie = open.cookie().bytes();
                int length = (int) MessageLayout.OPEN_DATA + volume.length + 1 + cookie.length;
                yield head(open, MessageLayout.OP_OPEN, length)
                        .putInt(volume.length + 1)
                        .putInt(cookie.length)
                        .putInt(open.fd())
                        .putInt(open.flags())
                        .put(volume)
                        .put((byte) 0)
                        .put(cookie)
                        .array();
            }
            case Message.Read read ->
                head(read, MessageLayout.OP_READ, (int) MessageLayout.READ_SIZE)
                        .putLong(read.offset())
                        .putLong(read.length())
                        .array();
            case Message.Close close ->
                head(close, MessageLayout.OP_CLOSE, (int) MessageLayout.PAYLOAD).array();
        };
    }

    private static ByteBuffer head(Message message, int opcode, int length) {
        return ByteBuffer.allocate(length)
                .order(ByteOrder.nativeOrder())
                .putInt(message.messageId())
                .putInt(opcode)
                .putInt(length)
                .putInt(message.objectId());
    }
}
