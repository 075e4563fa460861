// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.casync;

import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.chunk.ChunkDigest;
import dev.cachefiles.examples.blobserver.chunk.Hash;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A {@code .caibx} file of casync: which chunks a blob is made of, in their order.
 *
 * <p>An INDEX object of 48 bytes (flags, sizes of chunks) and a TABLE object, all in little-endian: an item of 40 bytes for
 * each chunk, which is its end in the blob and its id, and a tail that repeats the size. All of it is untrusted and
 * checked here, so that nothing needs to be when bytes are asked for.
 *
 * <p>Immutable and safe for use by several threads.
 */
final class ChunkIndex {
    /** Enough for a blob of 100 GiB with casync's chunks of 64 KiB; limits what a hostile server makes us keep. */
    static final int MAX_FILE_SIZE = 64 << 20;

    /** The most that casync allows. */
    static final int MAX_CHUNK_SIZE = 128 << 20;

    static final long INDEX = 0x96824d9c7b129ff9L;
    static final long TABLE = 0xe75b9e112f17417dL;
    static final long TABLE_TAIL = 0x4b4f050e5549ecd1L;
    static final long UNTIL_TAIL = -1;
    static final long SHA_512_256 = 0x2000_0000_0000_0000L;
    static final int INDEX_SIZE = 48;
    static final int TABLE_HEADER_SIZE = 16;
    static final int ITEMS = INDEX_SIZE + TABLE_HEADER_SIZE;
    static final int ITEM_SIZE = 8 + Hash.LENGTH;

    /** What the flags of an archive's index may say beyond those of a blob's: what is kept of each file. */
    private static final long WITH = 0x1_ffff_ffffL;

    private final String name;
    private final ByteBuffer bytes;
    private final ChunkDigest digest;
    private final int count;
    private final long size;

    private ChunkIndex(String name, ByteBuffer bytes) throws PermanentException {
        this.name = name;
        this.bytes = bytes;
        long largest = checkHeader();
        this.digest = (bytes.getLong(16) & SHA_512_256) == 0 ? ChunkDigest.SHA_256 : ChunkDigest.SHA_512_256;
        this.count = checkTail();
        this.size = checkItems(largest);
    }

    /**
     * Parses an index.
     *
     * @param name  the file's name, for messages
     * @param bytes the whole file; not to be changed from now on
     * @return the index
     * @throws WrongBytesException if it is none, or says what cannot be; names the offset
     * @throws PermanentException  if it is one of another kind
     */
    static ChunkIndex parse(String name, byte[] bytes) throws PermanentException {
        return new ChunkIndex(name, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    }

    private long checkHeader() throws PermanentException {
        if (bytes.limit() < ITEMS + ITEM_SIZE) {
            throw wrong(bytes.limit(), "the file ends, but an index has at least " + (ITEMS + ITEM_SIZE) + " bytes");
        }
        expect(0, INDEX_SIZE, "the size of an index");
        expect(8, INDEX, "the mark of an index");
        if ((bytes.getLong(16) & WITH) != 0) {
            throw new PermanentException(name + " is the index of a directory tree; only that of a blob can be served,"
                    + " such as 'casync make image.caibx image' makes");
        }
        long least = bytes.getLong(24);
        long average = bytes.getLong(32);
        long largest = bytes.getLong(40);
        if (least < 1 || average < least || largest < average || largest > MAX_CHUNK_SIZE) {
            throw wrong(
                    24,
                    "chunks of at least " + Long.toUnsignedString(least) + ", on average "
                            + Long.toUnsignedString(average) + ", at most " + Long.toUnsignedString(largest)
                            + " bytes cannot be");
        }
        expect(INDEX_SIZE, UNTIL_TAIL, "the size of a table that ends with its tail");
        expect(INDEX_SIZE + 8, TABLE, "the mark of a table");
        return largest;
    }

    private int checkTail() throws WrongBytesException {
        int length = bytes.limit() - ITEMS - ITEM_SIZE;
        if (length % ITEM_SIZE != 0) {
            throw wrong(bytes.limit(), "the file ends in the middle of an item of " + ITEM_SIZE + " bytes");
        }
        int tail = ITEMS + length;
        expect(tail, 0, "zero");
        expect(tail + 8, 0, "zero");
        expect(tail + 16, INDEX_SIZE, "the offset of the table");
        expect(tail + 24, bytes.limit() - INDEX_SIZE, "the size of the table");
        expect(tail + 32, TABLE_TAIL, "the mark of a table's tail");
        return length / ITEM_SIZE;
    }

    private long checkItems(long largest) throws WrongBytesException {
        long end = 0;
        for (int i = 0; i < count; i++) {
            long start = end;
            end = end(i);
            if (end <= start || end - start > largest) {
                throw wrong(
                        item(i),
                        "chunk " + i + " cannot go from byte " + start + " to " + Long.toUnsignedString(end)
                                + ": chunks have 1 to " + largest + " bytes");
            }
        }
        return end;
    }

    private void expect(int offset, long expected, String what) throws WrongBytesException {
        long found = bytes.getLong(offset);
        if (found != expected) {
            throw wrong(
                    offset, "0x" + Long.toHexString(found) + " is not " + what + ", 0x" + Long.toHexString(expected));
        }
    }

    private WrongBytesException wrong(int offset, String message) {
        return new WrongBytesException(
                name + ", byte " + offset + ": " + message + "; this is no index of casync, or a" + " damaged one");
    }

    private static int item(int chunk) {
        return ITEMS + chunk * ITEM_SIZE;
    }

    /** How ids are made of bytes. */
    ChunkDigest digest() {
        return digest;
    }

    /** How many chunks there are. */
    int count() {
        return count;
    }

    /** Size of the blob in bytes. */
    long size() {
        return size;
    }

    /** Offset in the blob of a chunk's first byte. */
    long start(int chunk) {
        return chunk == 0 ? 0 : end(chunk - 1);
    }

    /** Offset in the blob of the byte after a chunk. */
    long end(int chunk) {
        return bytes.getLong(item(chunk));
    }

    /** Size of a chunk in bytes. */
    int length(int chunk) {
        return (int) (end(chunk) - start(chunk));
    }

    /** The id of a chunk. */
    Hash id(int chunk) {
        return Hash.at(bytes, item(chunk) + Long.BYTES);
    }

    /** The chunk that has a byte; the offset is from 0 to below {@link #size}. */
    int find(long offset) {
        int low = 0;
        int high = count - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (end(middle) <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
