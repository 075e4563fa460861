// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads directories and files of an EROFS image, as far as they are not compressed.
 *
 * <p>Safe for use by several threads.
 */
public final class ErofsImage {
    private static final int INODE_SLOT = 32;
    private static final long MAX_NID = 1L << 48;
    private static final int COMPACT_SIZE = 32;
    private static final int EXTENDED_SIZE = 64;
    private static final int XATTR_HEADER = 12;
    private static final int DIRENT_SIZE = 12;

    private static final int CHUNK_BITS_MASK = 0x1f;
    private static final int CHUNK_INDEXES = 0x20;
    private static final int CHUNK_FORMAT_MASK = CHUNK_BITS_MASK | CHUNK_INDEXES;
    private static final int NO_BLOCK = -1;
    private static final int HOLE = -1;

    private final BlobReader blobs;
    private final Superblock superblock;

    /**
     * An entry of a directory.
     *
     * @param name  the name
     * @param inode number of the inode
     */
    public record Entry(String name, long inode) {}

    /** Bytes of a file that lie in a row in a blob, or nowhere. */
    private record Extent(int blob, long offset, long length) {}

    private ErofsImage(BlobReader blobs, Superblock superblock) {
        this.blobs = blobs;
        this.superblock = superblock;
    }

    /**
     * Opens an image.
     *
     * @param blobs the image and its extra devices
     * @return the image
     * @throws ErofsException if it is not one that this reader knows, or a device is missing
     * @throws IOException    if it cannot be read
     */
    public static ErofsImage open(BlobReader blobs) throws IOException {
        Superblock superblock = Superblock.read(blobs);
        List<Superblock.Device> devices = superblock.devices();
        if (blobs.count() - 1 < devices.size()) {
            List<String> tags = devices.stream().map(Superblock.Device::tag).toList();
            throw new ErofsException("the image has " + devices.size() + " extra device(s) " + tags + ", but "
                    + (blobs.count() - 1) + " are given");
        }
        return new ErofsImage(blobs, superblock);
    }

    /**
     * Gives the root directory.
     *
     * @return its inode
     * @throws IOException if it cannot be read
     */
    public Inode root() throws IOException {
        return inode(superblock.rootNid());
    }

    /**
     * Gives an inode.
     *
     * @param nid its number
     * @return the inode
     * @throws IOException if it cannot be read
     */
    public Inode inode(long nid) throws IOException {
        if (nid < 0 || nid > MAX_NID) {
            throw new ErofsException("inode " + Long.toUnsignedString(nid) + ": no such number");
        }
        long at = (superblock.metaBlock() << superblock.blockBits()) + nid * INODE_SLOT;
        ByteBuffer raw = bytes(0, at, COMPACT_SIZE);
        int format = Short.toUnsignedInt(raw.getShort(0));
        boolean extended = (format & 1) != 0;
        Inode.Layout layout = Inode.Layout.of(format >> 1 & 7);
        if (extended) {
            raw = bytes(0, at, EXTENDED_SIZE);
        }
        int attributes = Short.toUnsignedInt(raw.getShort(2));
        long size = extended ? raw.getLong(8) : Integer.toUnsignedLong(raw.getInt(8));
        if (size < 0) {
            throw new ErofsException("inode " + nid + ": size " + Long.toUnsignedString(size));
        }
        long tail = at
                + (extended ? EXTENDED_SIZE : COMPACT_SIZE)
                + (attributes == 0 ? 0 : XATTR_HEADER + 4L * (attributes - 1));
        int mode = Short.toUnsignedInt(raw.getShort(4));
        return new Inode(nid, mode, size, layout, raw.getInt(16), tail);
    }

    /**
     * Lists a directory.
     *
     * @param directory the directory
     * @return its entries, without {@code .} and {@code ..}
     * @throws IOException if it cannot be read
     */
    public List<Entry> list(Inode directory) throws IOException {
        var entries = new ArrayList<Entry>();
        for (long at = 0; at < directory.size(); at += superblock.blockSize()) {
            int length = (int) Math.min(superblock.blockSize(), directory.size() - at);
            ByteBuffer block = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
            read(directory, at, block);
            try {
                addEntries(block.flip(), entries);
            } catch (IndexOutOfBoundsException e) {
                throw new ErofsException("inode " + directory.nid() + ": a directory block is damaged");
            }
        }
        return entries;
    }

    private static void addEntries(ByteBuffer block, List<Entry> entries) {
        int count = Short.toUnsignedInt(block.getShort(8)) / DIRENT_SIZE;
        for (int i = 0; i < count; i++) {
            int start = nameOffset(block, i);
            int end = i + 1 < count ? nameOffset(block, i + 1) : endOfLastName(block, start);
            if (start > end) {
                throw new IndexOutOfBoundsException(start);
            }
            byte[] bytes = new byte[end - start];
            block.get(start, bytes);
            var name = new String(bytes, StandardCharsets.UTF_8);
            if (!name.equals(".") && !name.equals("..")) {
                entries.add(new Entry(name, block.getLong(i * DIRENT_SIZE)));
            }
        }
    }

    private static int nameOffset(ByteBuffer block, int index) {
        return Short.toUnsignedInt(block.getShort(index * DIRENT_SIZE + 8));
    }

    private static int endOfLastName(ByteBuffer block, int start) {
        int end = start;
        while (end < block.limit() && block.get(end) != 0) {
            end++;
        }
        return end;
    }

    /**
     * Gives the target of a symbolic link.
     *
     * @param link the link
     * @return the target
     * @throws IOException if it cannot be read
     */
    public String target(Inode link) throws IOException {
        if (link.size() > superblock.blockSize()) {
            throw new ErofsException("inode " + link.nid() + ": a link of " + link.size() + " bytes");
        }
        ByteBuffer target = ByteBuffer.allocate((int) link.size());
        read(link, 0, target);
        return new String(target.array(), StandardCharsets.UTF_8);
    }

    /**
     * Reads a range of a file.
     *
     * @param inode  the file
     * @param offset byte offset in the file; the range must end within its size
     * @param target is filled from its position to its limit
     * @throws ErofsException.Compressed if the file is compressed
     * @throws IOException               if it cannot be read
     */
    public void read(Inode inode, long offset, ByteBuffer target) throws IOException {
        long at = offset;
        int limit = target.limit();
        while (target.position() < limit) {
            Extent extent = extent(inode, at);
            int length = (int) Math.min(limit - target.position(), extent.length());
            target.limit(target.position() + length);
            if (extent.blob() == HOLE) {
                target.put(new byte[length]);
            } else {
                blobs.read(extent.blob(), extent.offset(), target);
            }
            target.limit(limit);
            at += length;
        }
    }

    private Extent extent(Inode inode, long offset) throws IOException {
        if (offset >= inode.size()) {
            throw new ErofsException("inode " + inode.nid() + ": read beyond its end");
        }
        return switch (inode.layout()) {
            case FLAT_PLAIN -> flat(inode, offset, inode.size());
            case FLAT_INLINE -> {
                long tailStart = (inode.size() - 1) >> superblock.blockBits() << superblock.blockBits();
                yield offset < tailStart
                        ? flat(inode, offset, tailStart)
                        : new Extent(0, inode.tail() + offset - tailStart, inode.size() - offset);
            }
            case CHUNK_BASED -> chunk(inode, offset);
            case COMPRESSED_FULL, COMPRESSED_COMPACT -> throw new ErofsException.Compressed();
        };
    }

    private Extent flat(Inode inode, long offset, long end) {
        return onDevice(Integer.toUnsignedLong(inode.start()), offset, end - offset);
    }

    private Extent chunk(Inode inode, long offset) throws IOException {
        int format = inode.start() & 0xffff;
        if ((format & ~CHUNK_FORMAT_MASK) != 0) {
            throw new ErofsException(String.format("inode %d: chunk format 0x%x", inode.nid(), format));
        }
        int chunkBits = superblock.blockBits() + (format & CHUNK_BITS_MASK);
        boolean indexed = (format & CHUNK_INDEXES) != 0;
        int unit = indexed ? 8 : 4;
        long number = offset >> chunkBits;
        long table = inode.tail() + (unit - 1) & -(long) unit;
        ByteBuffer raw = bytes(0, table + number * unit, unit);
        int block = raw.getInt(indexed ? 4 : 0);
        int device = indexed ? Short.toUnsignedInt(raw.getShort(2)) : 0;
        long inChunk = offset - (number << chunkBits);
        long length = Math.min((1L << chunkBits) - inChunk, inode.size() - offset);
        if (block == NO_BLOCK) {
            return new Extent(HOLE, 0, length);
        }
        if (device == 0) {
            return onDevice(Integer.toUnsignedLong(block), inChunk, length);
        }
        if (device >= blobs.count()) {
            throw new ErofsException("inode " + inode.nid() + ": on device " + device + ", which is not there");
        }
        return new Extent(device, (Integer.toUnsignedLong(block) << superblock.blockBits()) + inChunk, length);
    }

    /** Devices can be laid out behind the image, in one row of addresses. */
    private Extent onDevice(long block, long offset, long length) {
        long address = (block << superblock.blockBits()) + offset;
        for (int i = 0; i < superblock.devices().size(); i++) {
            Superblock.Device device = superblock.devices().get(i);
            long start = device.mappedBlock() << superblock.blockBits();
            if (start != 0 && address >= start && address < start + (device.blocks() << superblock.blockBits())) {
                return new Extent(i + 1, address - start, length);
            }
        }
        return new Extent(0, address, length);
    }

    private ByteBuffer bytes(int blob, long offset, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        blobs.read(blob, offset, buffer);
        return buffer.flip();
    }
}
