// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Holds the pieces of blocks that callers have written in part, until a block is whole.
 *
 * <p>The kernel takes whole blocks only: it marks all of a block as cached when any byte of it is written, and readers
 * would see zeros for the rest. Pieces are kept in memory until the block has all its bytes.
 *
 * <p>Safe for use by several threads.
 */
final class PartialBlocks {

    /** Most blocks that one object may hold in part; more means that a caller leaves gaps. */
    static final int LIMIT = 1024;

    private final Map<Long, Partial> partials = new HashMap<>();
    private final int blockSize;

    private record Partial(MemorySegment bytes, BitSet present) {}

    PartialBlocks(int blockSize) {
        this.blockSize = blockSize;
    }

    /**
     * Adds a piece.
     *
     * @param block  offset of the block in the object
     * @param from   offset of the piece in the block
     * @param piece  the bytes, which end in the same block
     * @param needed bytes from the block's start that make it whole; the rest is zeros
     * @return the block, page-aligned and no longer held here, if this piece makes it whole; else null
     * @throws IllegalStateException if too many blocks are held
     */
    synchronized @Nullable MemorySegment add(long block, int from, MemorySegment piece, int needed) {
        Partial partial = partials.get(block);
        if (partial == null) {
            if (partials.size() >= LIMIT) {
                throw new IllegalStateException(LIMIT + " blocks of " + blockSize
                        + " bytes are written in part; write ranges that start and end at multiples of " + blockSize);
            }
            partial = new Partial(Arena.ofAuto().allocate(blockSize, blockSize), new BitSet(blockSize));
            partials.put(block, partial);
        }
        int length = (int) piece.byteSize();
        MemorySegment.copy(piece, 0, partial.bytes, from, length);
        partial.present.set(from, from + length);
        if (partial.present.nextClearBit(0) < needed) {
            return null;
        }
        partials.remove(block);
        return partial.bytes;
    }
}
