// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Changes the device table of an image that was made with {@code mkfs.erofs --blobdev}: names its devices, and spreads
 * the chunks over two of them, which mkfs.erofs 1.5 cannot do. Offsets are those of fs/erofs/erofs_fs.h.
 */
public final class DeviceTable {
    private static final int BLOCK = 4096;
    private static final int SUPERBLOCK = 1024;
    private static final int FEATURE_COMPAT = SUPERBLOCK + 8;
    private static final int FEATURE_CHECKSUM = 1;
    private static final int META_BLKADDR = SUPERBLOCK + 40;
    private static final int EXTRA_DEVICES = SUPERBLOCK + 86;
    private static final int DEVT_SLOTOFF = SUPERBLOCK + 88;
    private static final int SLOT = 128;
    private static final int SLOT_BLOCKS = 64;

    private static final int CHUNK_BASED = 4;
    private static final int CHUNK_BITS = 0x1f;
    private static final int CHUNK_INDEXES = 0x20;
    private static final int HOLE = -1;

    private final byte[] bytes;
    private final ByteBuffer image;

    private DeviceTable(byte[] bytes) {
        this.bytes = bytes;
        this.image = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Copies an image with the tag of its one device set, so that a mount needs no option {@code device}. */
    public static void setTag(Path image, Path copy, String tag) throws IOException {
        var table = new DeviceTable(Files.readAllBytes(image));
        table.dropChecksum();
        table.putTag(table.slot(0), tag);
        Files.write(copy, table.bytes);
    }

    /**
     * Copies an image, and splits the blob of its one device in two; gives nothing to a device table's tags.
     *
     * @param inodes numbers of all regular files, as stat(2) gives them in the mounted image
     */
    public static void split(Path image, Path blob, List<Long> inodes, Path copy, Path firstHalf, Path secondHalf)
            throws IOException {
        byte[] whole = Files.readAllBytes(image);
        byte[] data = Files.readAllBytes(blob);
        int blocks = data.length / BLOCK;
        int half = blocks / 2;
        Files.write(firstHalf, Arrays.copyOf(data, half * BLOCK));
        Files.write(secondHalf, Arrays.copyOfRange(data, half * BLOCK, data.length));

        int end = (whole.length + BLOCK - 1) / BLOCK * BLOCK;
        var table = new DeviceTable(Arrays.copyOf(whole, end + BLOCK));
        table.dropChecksum();
        table.image.putShort(EXTRA_DEVICES, (short) 2);
        table.image.putShort(DEVT_SLOTOFF, (short) (end / SLOT));
        table.image.putInt(table.slot(0) + SLOT_BLOCKS, half);
        table.image.putInt(table.slot(1) + SLOT_BLOCKS, blocks - half);
        int moved = 0;
        for (long inode : inodes) {
            moved += table.moveChunks(inode, half);
        }
        if (moved == 0) {
            throw new AssertionError("no chunk lies in the second half of the blob");
        }
        Files.write(copy, table.bytes);
    }

    /** The kernel refuses an image whose bytes were changed under its checksum. */
    private void dropChecksum() {
        image.putInt(FEATURE_COMPAT, image.getInt(FEATURE_COMPAT) & ~FEATURE_CHECKSUM);
    }

    private int slot(int index) {
        return (Short.toUnsignedInt(image.getShort(DEVT_SLOTOFF)) + index) * SLOT;
    }

    private void putTag(int slot, String tag) {
        image.put(slot, new byte[SLOT_BLOCKS]);
        image.put(slot, tag.getBytes(StandardCharsets.US_ASCII));
    }

    private int moveChunks(long inode, int half) {
        int at = Math.toIntExact(Integer.toUnsignedLong(image.getInt(META_BLKADDR)) * BLOCK + inode * 32);
        int format = Short.toUnsignedInt(image.getShort(at));
        if (((format >> 1) & 7) != CHUNK_BASED) {
            return 0;
        }
        boolean extended = (format & 1) != 0;
        int xattrs = Short.toUnsignedInt(image.getShort(at + 2));
        long size = extended ? image.getLong(at + 8) : Integer.toUnsignedLong(image.getInt(at + 8));
        int chunks = Short.toUnsignedInt(image.getShort(at + 16));
        if ((chunks & CHUNK_INDEXES) == 0) {
            throw new AssertionError("inode " + inode + " has no chunk indexes");
        }
        long chunkSize = (long) BLOCK << (chunks & CHUNK_BITS);
        int index = at + (extended ? 64 : 32) + (xattrs == 0 ? 0 : 12 + (xattrs - 1) * 4);
        index = (index + 7) & ~7;
        int moved = 0;
        for (long start = 0; start < size; start += chunkSize, index += 8) {
            int block = image.getInt(index + 4);
            if (block != HOLE && block >= half) {
                image.putShort(index + 2, (short) 2);
                image.putInt(index + 4, block - half);
                moved++;
            }
        }
        return moved;
    }
}
