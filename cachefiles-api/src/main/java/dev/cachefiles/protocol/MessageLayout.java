// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.protocol;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/**
 * Layouts of the kernel's structs, in host byte order and without padding.
 *
 * <p>Members that follow {@code struct cachefiles_msg} in a message have their offsets given from the start of the
 * message.
 */
public final class MessageLayout {

    /** {@code struct cachefiles_msg}, the head of every message. */
    public static final StructLayout MSG = MemoryLayout.structLayout(
            JAVA_INT.withName("msg_id"),
            JAVA_INT.withName("opcode"),
            JAVA_INT.withName("len"),
            JAVA_INT.withName("object_id"));

    /** {@code struct cachefiles_open}, the payload of OPEN; the two keys follow. */
    public static final StructLayout OPEN = MemoryLayout.structLayout(
            JAVA_INT.withName("volume_key_size"),
            JAVA_INT.withName("cookie_key_size"),
            JAVA_INT.withName("fd"),
            JAVA_INT.withName("flags"));

    /** {@code struct cachefiles_read}, the payload of READ. */
    public static final StructLayout READ =
            MemoryLayout.structLayout(JAVA_LONG.withName("off"), JAVA_LONG.withName("len"));

    /** {@code CACHEFILES_OP_OPEN}. */
    public static final int OP_OPEN = 0;

    /** {@code CACHEFILES_OP_CLOSE}. */
    public static final int OP_CLOSE = 1;

    /** {@code CACHEFILES_OP_READ}. */
    public static final int OP_READ = 2;

    /** {@code CACHEFILES_MSG_MAX_SIZE}: bytes that hold any message. */
    public static final int MAX_SIZE = 1024;

    /** Longest volume key in bytes, without its NUL: fscache keeps the length in one byte. */
    public static final int MAX_KEY_SIZE = 255;

    static final long MSG_ID = MSG.byteOffset(groupElement("msg_id"));
    static final long OPCODE = MSG.byteOffset(groupElement("opcode"));
    static final long LEN = MSG.byteOffset(groupElement("len"));
    static final long OBJECT_ID = MSG.byteOffset(groupElement("object_id"));

    static final long PAYLOAD = MSG.byteSize();

    static final long OPEN_VOLUME_KEY_SIZE = PAYLOAD + OPEN.byteOffset(groupElement("volume_key_size"));
    static final long OPEN_COOKIE_KEY_SIZE = PAYLOAD + OPEN.byteOffset(groupElement("cookie_key_size"));
    static final long OPEN_FD = PAYLOAD + OPEN.byteOffset(groupElement("fd"));
    static final long OPEN_FLAGS = PAYLOAD + OPEN.byteOffset(groupElement("flags"));
    static final long OPEN_DATA = PAYLOAD + OPEN.byteSize();

    static final long READ_OFF = PAYLOAD + READ.byteOffset(groupElement("off"));
    static final long READ_LEN = PAYLOAD + READ.byteOffset(groupElement("len"));
    static final long READ_SIZE = PAYLOAD + READ.byteSize();

    private MessageLayout() {}
}
