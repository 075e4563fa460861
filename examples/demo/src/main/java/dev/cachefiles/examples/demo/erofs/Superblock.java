// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What an image says about itself.
 *
 * @param blockBits base-2 logarithm of the block size in bytes
 * @param rootNid   number of the root directory's inode
 * @param metaBlock block from which inodes are counted
 * @param devices   the extra devices
 */
record Superblock(int blockBits, int rootNid, long metaBlock, List<Device> devices) {
    private static final int OFFSET = 1024;
    private static final int SIZE = 128;
    private static final int MAGIC = 0xE0F5E1E2;
    private static final int DEVICE_SLOT_SIZE = 128;
    private static final int TAG_SIZE = 64;

    // EROFS_FEATURE_INCOMPAT_*: what is not named here changes how an image must be read.
    private static final int ZERO_PADDING = 0x1;
    private static final int COMPRESSION_CONFIGURATIONS = 0x2;
    private static final int CHUNKED_FILES = 0x4;
    private static final int DEVICE_TABLE = 0x8;
    private static final int TAIL_PACKING = 0x10;
    private static final int FRAGMENTS = 0x20;
    private static final int XATTR_PREFIXES = 0x40;
    private static final int COMPRESSION =
            ZERO_PADDING | COMPRESSION_CONFIGURATIONS | TAIL_PACKING | FRAGMENTS; // where files use it, they say so
    private static final int KNOWN = COMPRESSION | CHUNKED_FILES | DEVICE_TABLE | XATTR_PREFIXES;

    /**
     * An extra device.
     *
     * @param tag         its name, empty if the mount must give one
     * @param blocks      its size
     * @param mappedBlock where it begins in the addresses of the image, 0 if it has only addresses of its own
     */
    record Device(String tag, long blocks, long mappedBlock) {}

    int blockSize() {
        return 1 << blockBits;
    }

    static Superblock read(BlobReader blobs) throws IOException {
        ByteBuffer raw = bytes(blobs, OFFSET, SIZE);
        if (raw.getInt(0) != MAGIC) {
            throw new ErofsException("not an EROFS image: the magic number is missing");
        }
        int blockBits = raw.get(12);
        if (blockBits < 9 || blockBits > 16) {
            throw new ErofsException("blocks of 2^" + blockBits + " bytes");
        }
        int features = raw.getInt(80);
        if ((features & ~KNOWN) != 0) {
            throw new ErofsException(String.format("needs features that are not known here: 0x%x", features & ~KNOWN));
        }
        int deviceCount = Short.toUnsignedInt(raw.getShort(86));
        long deviceTable = (long) Short.toUnsignedInt(raw.getShort(88)) * DEVICE_SLOT_SIZE;
        var devices = new ArrayList<Device>();
        for (int i = 0; (features & DEVICE_TABLE) != 0 && i < deviceCount; i++) {
            devices.add(device(bytes(blobs, deviceTable + (long) i * DEVICE_SLOT_SIZE, DEVICE_SLOT_SIZE)));
        }
        return new Superblock(
                blockBits,
                Short.toUnsignedInt(raw.getShort(14)),
                Integer.toUnsignedLong(raw.getInt(40)),
                List.copyOf(devices));
    }

    private static Device device(ByteBuffer raw) {
        byte[] tag = new byte[TAG_SIZE];
        raw.get(0, tag);
        int length = 0;
        while (length < TAG_SIZE && tag[length] != 0) {
            length++;
        }
        return new Device(
                new String(tag, 0, length, StandardCharsets.UTF_8),
                Integer.toUnsignedLong(raw.getInt(64)),
                Integer.toUnsignedLong(raw.getInt(68)));
    }

    private static ByteBuffer bytes(BlobReader blobs, long offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        blobs.read(0, offset, buffer);
        return buffer.flip();
    }
}
