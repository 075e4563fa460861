// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import dev.cachefiles.blob.WrongBytesException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The numbers of RAFS v6, and the checks that each parser of it needs. All numbers on disk are little-endian.
 */
final class Format {
    /** The unit in which both the kernel and the builder of an image lay out the bytes of a blob. */
    static final int BLOCK = 4096;

    static final int SUPER_OFFSET = 1024;
    static final int SUPER_SIZE = 128;
    static final int EXTENSION_SIZE = 256;
    static final int DEVICE_SIZE = 128;
    static final int BLOB_SIZE = 256;
    static final int CHUNK_SIZE = 80;
    static final int BLOB_ID_LENGTH = 64;

    static final int EROFS_MAGIC = 0xe0f5e1e2;
    static final int COMPAT_RAFS_V6 = 0x4000_0000;

    static final int MAX_CHUNK_SIZE = 16 << 20;
    static final int MAX_BLOBS = 255;
    static final long MAX_UNCOMPRESSED = 1L << 44;
    static final long MAX_COMPRESSED = 1L << 40;

    static final int BLOB_ALIGNED = 0x1;
    static final int BLOB_CHUNK_INFO_V2 = 0x4;
    static final int BLOB_ZRAN = 0x8;
    static final int BLOB_SEPARATE = 0x10;
    static final int BLOB_INLINED_DIGESTS = 0x20;
    static final int BLOB_TARFS = 0x40;
    static final int BLOB_BATCH = 0x80;
    static final int BLOB_ENCRYPTED = 0x100;
    static final int BLOB_EXTERNAL = 0x800;
    static final int BLOB_HAS_TOC = 0x2000_0000;

    static final int CHUNK_COMPRESSED = 0x1;
    static final int CHUNK_HAS_CRC32 = 0x10;

    private Format() {}

    static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The bytes of a fixed field as text, without the NULs at its end. */
    static String text(ByteBuffer bytes, int offset, int length) {
        byte[] field = new byte[length];
        bytes.get(offset, field);
        int end = length;
        while (end > 0 && field[end - 1] == 0) {
            end--;
        }
        return new String(field, 0, end, StandardCharsets.ISO_8859_1);
    }

    static long alignUp(long size) {
        return (size + BLOCK - 1) / BLOCK * BLOCK;
    }

    /** Tells whether a range lies within a size; none of the numbers is trusted. */
    static boolean fits(long offset, long length, long size) {
        return offset >= 0 && length >= 0 && length <= size && offset <= size - length;
    }

    static WrongBytesException wrong(String file, long offset, String message) {
        return new WrongBytesException(file + ", byte " + offset + ": " + message);
    }
}
