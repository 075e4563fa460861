// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.chunk.ChunkDigest;
import dev.cachefiles.examples.blobserver.chunk.Hash;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The chunks of a blob that are known, in the order of their place in the blob as the kernel sees it.
 *
 * <p>What lies between the end of a chunk and the next block is zero. What lies beyond that, or before the first chunk, is
 * not known. Immutable.
 */
final class ChunkTable {
    private final List<Chunk> chunks;

    private ChunkTable(List<Chunk> chunks) {
        this.chunks = chunks;
    }

    /**
     * Makes a table.
     *
     * @param blob   what the chunks must fit into
     * @param chunks the chunks, in any order; untrusted; the same may come twice
     * @throws WrongBytesException if one is out of bounds or two are in each other's place
     */
    static ChunkTable of(BlobEntry blob, List<Chunk> chunks) throws WrongBytesException {
        List<Chunk> sorted = new ArrayList<>(chunks);
        sorted.sort(Comparator.comparingLong(Chunk::offset));
        var table = new ArrayList<Chunk>();
        Chunk before = null;
        for (Chunk chunk : sorted) {
            chunk.check(blob);
            if (before != null && chunk.offset() < before.end()) {
                if (!chunk.equals(before)) {
                    throw new WrongBytesException("blob " + blob.id() + ": chunks " + before + " and " + chunk
                            + " are in each other's place");
                }
                continue;
            }
            table.add(chunk);
            before = chunk;
        }
        return new ChunkTable(List.copyOf(table));
    }

    int count() {
        return chunks.size();
    }

    Chunk get(int index) {
        return chunks.get(index);
    }

    /** A digest of where which bytes are. */
    Hash digest() {
        var bytes = ByteBuffer.allocate(chunks.size() * (Long.BYTES + Integer.BYTES + Hash.LENGTH));
        for (Chunk chunk : chunks) {
            Hash hash = chunk.digest();
            bytes.putLong(chunk.offset()).putInt(chunk.size());
            bytes.putLong(hash.first())
                    .putLong(hash.second())
                    .putLong(hash.third())
                    .putLong(hash.fourth());
        }
        return ChunkDigest.SHA_256.of(bytes.array());
    }

    /** The last chunk that begins at or before an offset; -1 if there is none. */
    int floor(long offset) {
        int low = 0;
        int high = chunks.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (chunks.get(middle).offset() <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    /** Tells whether each block of the blob belongs to a chunk. */
    boolean isComplete(BlobEntry blob) {
        return covers(0, blob.servedSize());
    }

    /** Tells whether each block of a range belongs to a chunk. */
    boolean covers(long offset, long end) {
        long at = offset;
        for (int i = Math.max(0, floor(offset)); at < end && i < chunks.size(); i++) {
            Chunk chunk = chunks.get(i);
            if (chunk.offset() > at || Format.alignUp(chunk.end()) <= at) {
                return false;
            }
            at = Format.alignUp(chunk.end());
        }
        return at >= end;
    }

    /**
     * A chunk.
     *
     * @param offset       offset of its first byte in the blob as the kernel sees it
     * @param size         its size, unpacked
     * @param storedOffset offset in the blob as it is stored
     * @param storedSize   its size there
     * @param packed       whether it is packed
     * @param digest       the digest of the unpacked bytes
     */
    record Chunk(long offset, int size, long storedOffset, int storedSize, boolean packed, Hash digest) {

        long end() {
            return offset + size;
        }

        private void check(BlobEntry blob) throws WrongBytesException {
            String wrong = null;
            if (offset < 0 || offset % Format.BLOCK != 0) {
                wrong = "does not begin with a block";
            } else if (size <= 0 || size > blob.chunkSize()) {
                wrong = "is not of 1 to " + blob.chunkSize() + " bytes";
            } else if (!Format.fits(offset, size, blob.servedSize())) {
                wrong = "ends beyond the " + blob.servedSize() + " bytes of the blob";
            } else if (storedSize <= 0 || !Format.fits(storedOffset, storedSize, blob.compressedSize())) {
                wrong = "is stored beyond the " + blob.compressedSize() + " bytes of the blob";
            } else if (packed ? storedSize > 2L * size + Format.BLOCK : storedSize != size) {
                wrong = "is stored in " + storedSize + " bytes";
            }
            if (wrong != null) {
                throw new WrongBytesException("blob " + blob.id() + ": chunk " + this + " " + wrong);
            }
        }

        @Override
        public String toString() {
            return "[" + offset + " +" + Integer.toUnsignedString(size) + ")";
        }
    }
}
