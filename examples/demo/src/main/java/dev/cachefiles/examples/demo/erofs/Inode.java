// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo.erofs;

/**
 * A file, directory or link of an image.
 *
 * @param nid    its number
 * @param mode   type and permissions, as in inode(7)
 * @param size   size in bytes
 * @param layout how its data is found
 * @param start  first block of the data, or the format of its chunks
 * @param tail   byte offset in the image of what follows the inode and its attributes
 */
public record Inode(long nid, int mode, long size, Layout layout, int start, long tail) {
    private static final int TYPE_MASK = 0xF000;
    private static final int DIRECTORY = 0x4000;
    private static final int REGULAR = 0x8000;
    private static final int LINK = 0xA000;

    /** How data is found. */
    enum Layout {
        /** Blocks in a row. */
        FLAT_PLAIN,
        /** Compressed, with an index of fixed entries. */
        COMPRESSED_FULL,
        /** Blocks in a row, but the last one directly behind the inode. */
        FLAT_INLINE,
        /** Compressed, with a packed index. */
        COMPRESSED_COMPACT,
        /** Chunks of equal size, each at a place, and perhaps on a device, of its own. */
        CHUNK_BASED;

        static Layout of(int number) throws ErofsException {
            return switch (number) {
                case 0 -> FLAT_PLAIN;
                case 1 -> COMPRESSED_FULL;
                case 2 -> FLAT_INLINE;
                case 3 -> COMPRESSED_COMPACT;
                case 4 -> CHUNK_BASED;
                default -> throw new ErofsException("data layout " + number);
            };
        }

        boolean isCompressed() {
            return this == COMPRESSED_FULL || this == COMPRESSED_COMPACT;
        }
    }

    /**
     * Tells whether this is a directory.
     *
     * @return true if so
     */
    public boolean isDirectory() {
        return (mode & TYPE_MASK) == DIRECTORY;
    }

    /**
     * Tells whether this is a regular file.
     *
     * @return true if so
     */
    public boolean isRegular() {
        return (mode & TYPE_MASK) == REGULAR;
    }

    /**
     * Tells whether this is a symbolic link.
     *
     * @return true if so
     */
    public boolean isLink() {
        return (mode & TYPE_MASK) == LINK;
    }

    /**
     * Tells whether the data is compressed.
     *
     * @return true if so
     */
    public boolean isCompressed() {
        return layout.isCompressed();
    }
}
