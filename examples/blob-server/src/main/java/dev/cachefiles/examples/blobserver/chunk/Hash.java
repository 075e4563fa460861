// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.chunk;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * A digest of 32 bytes, by which chunks are named and checked.
 *
 * @param first  its first eight bytes, the first of them highest
 * @param second the next
 * @param third  the next
 * @param fourth the last
 */
public record Hash(long first, long second, long third, long fourth) {

    /** Length in bytes. */
    public static final int LENGTH = 32;

    /**
     * Takes a digest out of bytes.
     *
     * @param bytes  the bytes, whose order does not matter
     * @param offset of the first of them
     * @return the digest
     */
    public static Hash at(ByteBuffer bytes, int offset) {
        ByteBuffer words = bytes.slice(offset, LENGTH); // a slice is big-endian
        return new Hash(words.getLong(0), words.getLong(8), words.getLong(16), words.getLong(24));
    }

    /**
     * Tells whether it is what formats write where there is no digest.
     *
     * @return whether all bytes are zero
     */
    public boolean isZero() {
        return (first | second | third | fourth) == 0;
    }

    /** Gives the 64 hexadecimal digits. */
    @Override
    public String toString() {
        byte[] bytes = ByteBuffer.allocate(LENGTH)
                .putLong(first)
                .putLong(second)
                .putLong(third)
                .putLong(fourth)
                .array();
        return HexFormat.of().formatHex(bytes);
    }
}
