// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.cachefiles.CookieKey;
import dev.cachefiles.ProtocolException;
import dev.cachefiles.VolumeKey;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Bytes to {@link Message}. Total: any bytes give a message or a {@link ProtocolException}, nothing else.
 *
 * <p>Pure and safe for use by several threads.
 */
public final class MessageDecoder {

    // Indices of the fields of a READ in a ByteBuffer.
    private static final int MSG_ID = (int) MessageLayout.MSG_ID;
    private static final int OPCODE = (int) MessageLayout.OPCODE;
    private static final int LEN = (int) MessageLayout.LEN;
    private static final int OBJECT_ID = (int) MessageLayout.OBJECT_ID;
    private static final int READ_OFF = (int) MessageLayout.READ_OFF;
    private static final int READ_LEN = (int) MessageLayout.READ_LEN;
    private static final int READ_SIZE = (int) MessageLayout.READ_SIZE;

    private MessageDecoder() {}

    /**
     * Decodes one message.
     *
     * @param buffer the bytes, in host order, from offset 0
     * @param length how many of them the kernel wrote
     * @return the message, which keeps no reference to the buffer
     * @throws ProtocolException if the bytes are no message: too short, a length that is not its own, an unknown
     *     opcode, keys that do not fill the message, a negative fd, offset or length, or an empty range
     */
    public static Message decode(MemorySegment buffer, int length) throws ProtocolException {
        if (length < MessageLayout.PAYLOAD || length > buffer.byteSize()) {
            throw malformed("message of " + length + " bytes", buffer, length);
        }
        int stated = buffer.get(JAVA_INT_UNALIGNED, MessageLayout.LEN);
        if (stated != length) {
            throw malformed("len " + Integer.toUnsignedString(stated) + " in a message of " + length, buffer, length);
        }
        int messageId = buffer.get(JAVA_INT_UNALIGNED, MessageLayout.MSG_ID);
        int objectId = buffer.get(JAVA_INT_UNALIGNED, MessageLayout.OBJECT_ID);
        int opcode = buffer.get(JAVA_INT_UNALIGNED, MessageLayout.OPCODE);
        return switch (opcode) {
            case MessageLayout.OP_READ -> read(messageId, objectId, buffer, length);
            case MessageLayout.OP_OPEN -> open(messageId, objectId, buffer, length);
            case MessageLayout.OP_CLOSE -> close(messageId, objectId, buffer, length);
            default -> throw malformed("opcode " + Integer.toUnsignedString(opcode), buffer, length);
        };
    }

    /**
     * Tells whether a message is a READ that {@link #decode} would take. With the methods for its fields this is the way
     * without a new object for the most frequent message.
     *
     * @param bytes  the bytes, in host order, from index 0; the buffer's order is the host's
     * @param length how many of them the kernel wrote
     * @return false if it is malformed or another message
     */
    public static boolean isRead(ByteBuffer bytes, int length) {
        if (length != READ_SIZE
                || bytes.capacity() < READ_SIZE
                || bytes.getInt(LEN) != length
                || bytes.getInt(OPCODE) != MessageLayout.OP_READ) {
            return false;
        }
        long offset = bytes.getLong(READ_OFF);
        long count = bytes.getLong(READ_LEN);
        return offset >= 0 && count > 0 && offset + count >= 0;
    }

    /**
     * Gives the message id of a READ.
     *
     * @param bytes the bytes, of which {@link #isRead} is true
     * @return the id, to answer with
     */
    public static int readMessageId(ByteBuffer bytes) {
        return bytes.getInt(MSG_ID);
    }

    /**
     * Gives the object id of a READ.
     *
     * @param bytes the bytes, of which {@link #isRead} is true
     * @return the id of the object that is read
     */
    public static int readObjectId(ByteBuffer bytes) {
        return bytes.getInt(OBJECT_ID);
    }

    /**
     * Gives the offset of a READ.
     *
     * @param bytes the bytes, of which {@link #isRead} is true
     * @return byte offset in the object, not negative
     */
    public static long readOffset(ByteBuffer bytes) {
        return bytes.getLong(READ_OFF);
    }

    /**
     * Gives the length of a READ.
     *
     * @param bytes the bytes, of which {@link #isRead} is true
     * @return number of bytes, at least 1
     */
    public static long readLength(ByteBuffer bytes) {
        return bytes.getLong(READ_LEN);
    }

    /**
     * Finds the request that is to be refused when {@link #decode} failed for an OPEN.
     *
     * @param buffer the bytes
     * @param length how many of them the kernel wrote
     * @return the message id, or empty if the bytes are not the head of an OPEN
     */
    public static OptionalInt refusableOpen(MemorySegment buffer, int length) {
        boolean open = length >= MessageLayout.PAYLOAD
                && length <= buffer.byteSize()
                && buffer.get(JAVA_INT_UNALIGNED, MessageLayout.OPCODE) == MessageLayout.OP_OPEN;
        return open ? OptionalInt.of(buffer.get(JAVA_INT_UNALIGNED, MessageLayout.MSG_ID)) : OptionalInt.empty();
    }

    /**
     * The ids at the head of a message.
     *
     * @param messageId {@code msg_id}
     * @param objectId  {@code object_id}
     */
    public record Ids(int messageId, int objectId) {}

    /**
     * Finds the request that is to be completed without data when {@link #decode} failed for a READ.
     *
     * @param buffer the bytes
     * @param length how many of them the kernel wrote
     * @return the ids, or empty if the bytes are not the head of a READ
     */
    public static Optional<Ids> failableRead(MemorySegment buffer, int length) {
        boolean read = length >= MessageLayout.PAYLOAD
                && length <= buffer.byteSize()
                && buffer.get(JAVA_INT_UNALIGNED, MessageLayout.OPCODE) == MessageLayout.OP_READ;
        return read
                ? Optional.of(new Ids(
                        buffer.get(JAVA_INT_UNALIGNED, MessageLayout.MSG_ID),
                        buffer.get(JAVA_INT_UNALIGNED, MessageLayout.OBJECT_ID)))
                : Optional.empty();
    }

    /**
     * Finds the fd that is to be closed when {@link #decode} failed for an OPEN.
     *
     * @param buffer the bytes
     * @param length how many of them the kernel wrote
     * @return the fd, or empty if the bytes are not an OPEN that reaches so far, or the fd is negative
     */
    public static OptionalInt strandedFd(MemorySegment buffer, int length) {
        if (refusableOpen(buffer, length).isEmpty() || length < MessageLayout.OPEN_DATA) {
            return OptionalInt.empty();
        }
        int fd = buffer.get(JAVA_INT_UNALIGNED, MessageLayout.OPEN_FD);
        return fd < 0 ? OptionalInt.empty() : OptionalInt.of(fd);
    }

    private static Message.Open open(int messageId, int objectId, MemorySegment buffer, int length)
            throws ProtocolException {
        if (length < MessageLayout.OPEN_DATA) {
            throw malformed("OPEN of " + length + " bytes", buffer, length);
        }
        long volumeSize = Integer.toUnsignedLong(buffer.get(JAVA_INT_UNALIGNED, MessageLayout.OPEN_VOLUME_KEY_SIZE));
        long cookieSize = Integer.toUnsignedLong(buffer.get(JAVA_INT_UNALIGNED, MessageLayout.OPEN_COOKIE_KEY_SIZE));
        if (MessageLayout.OPEN_DATA + volumeSize + cookieSize != length) {
            throw malformed(
                    "OPEN of " + length + " bytes with keys of " + volumeSize + " and " + cookieSize, buffer, length);
        }
        if (volumeSize == 0 || buffer.get(JAVA_BYTE, MessageLayout.OPEN_DATA + volumeSize - 1) != 0) {
            throw malformed("OPEN with a volume key that does not end with NUL", buffer, length);
        }
        int fd = buffer.get(JAVA_INT_UNALIGNED, MessageLayout.OPEN_FD);
        if (fd < 0) {
            throw malformed("OPEN with fd " + fd, buffer, length);
        }
        int flags = buffer.get(JAVA_INT_UNALIGNED, MessageLayout.OPEN_FLAGS);
        var volume = VolumeKey.of(bytes(buffer, MessageLayout.OPEN_DATA, volumeSize - 1));
        var cookie = CookieKey.of(bytes(buffer, MessageLayout.OPEN_DATA + volumeSize, cookieSize));
        return new Message.Open(messageId, objectId, fd, flags, volume, cookie);
    }

    private static Message.Read read(int messageId, int objectId, MemorySegment buffer, int length)
            throws ProtocolException {
        if (length != MessageLayout.READ_SIZE) {
            throw malformed("READ of " + length + " bytes", buffer, length);
        }
        long offset = buffer.get(JAVA_LONG_UNALIGNED, MessageLayout.READ_OFF);
        long count = buffer.get(JAVA_LONG_UNALIGNED, MessageLayout.READ_LEN);
        if (offset < 0 || count <= 0 || offset + count < 0) {
            throw malformed(
                    "READ with off " + Long.toUnsignedString(offset) + " len " + Long.toUnsignedString(count),
                    buffer,
                    length);
        }
        return new Message.Read(messageId, objectId, offset, count);
    }

    private static Message.Close close(int messageId, int objectId, MemorySegment buffer, int length)
            throws ProtocolException {
        if (length != MessageLayout.PAYLOAD) {
            throw malformed("CLOSE of " + length + " bytes", buffer, length);
        }
        return new Message.Close(messageId, objectId);
    }

    private static byte[] bytes(MemorySegment buffer, long offset, long size) {
        return buffer.asSlice(offset, size).toArray(JAVA_BYTE);
    }

    private static ProtocolException malformed(String what, MemorySegment buffer, int length) {
        long shown = Math.max(0, Math.min(length, buffer.byteSize()));
        return new ProtocolException(
                "malformed message: " + what + "; bytes " + HexFormat.of().formatHex(bytes(buffer, 0, shown)));
    }
}
