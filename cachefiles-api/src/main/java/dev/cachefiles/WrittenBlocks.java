// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks of an object were written since it was opened: what the hole map need not be asked for. A block that was
 * written stays so for as long as the object is open.
 *
 * <p>Takes a bit for each block, in pieces that are made when something in them is written. Safe for use by several
 * threads, without a lock: who sees that a block was written sees it in the file. On the path of each READ, so
 * written for the quick compiler: with shifts, and without compareAndExchange.
 */
final class WrittenBlocks {
    private static final int WORD_BITS = 6;
    private static final int WORD = 1 << WORD_BITS;
    private static final int PIECE_BITS = 15;
    private static final int BLOCKS_PER_PIECE = 1 << PIECE_BITS;
    private static final int WORDS_PER_PIECE = BLOCKS_PER_PIECE / WORD;

    /** Blocks beyond so many pieces, 8 TiB in blocks of 4 KiB, are not noted. */
    private static final int MOST_PIECES = 1 << 16;

    private final long blocks;
    private final AtomicReferenceArray<@Nullable AtomicLongArray> pieces;

    /** For an object of so many blocks; none of them is written. */
    WrittenBlocks(long blocks) {
        this.blocks = Math.min(blocks, (long) MOST_PIECES * BLOCKS_PER_PIECE);
        this.pieces = new AtomicReferenceArray<>((int) ((this.blocks + BLOCKS_PER_PIECE - 1) / BLOCKS_PER_PIECE));
    }

    /** Notes that blocks were written. Those behind the end are not noted. */
    void add(long first, long count) {
        long end = Math.min(blocks, first + count);
        for (long at = first; at < end; ) {
            AtomicLongArray piece = piece((int) (at >>> PIECE_BITS));
            int word = (int) (at >>> WORD_BITS) & (WORDS_PER_PIECE - 1);
            long mask = mask(at, end);
            long before = piece.get(word);
            while ((before & mask) != mask && !piece.compareAndSet(word, before, before | mask)) {
                before = piece.get(word);
            }
            at += WORD - (at & (WORD - 1));
        }
    }

    /** Tells whether all of the blocks are known to be written. */
    boolean containsAll(long first, long count) {
        long end = first + count;
        if (end > blocks) {
            return false;
        }
        for (long at = first; at < end; ) {
            long mask = mask(at, end);
            if ((word(at) & mask) != mask) {
                return false;
            }
            at += WORD - (at & (WORD - 1));
        }
        return true;
    }

    /** Tells whether any of the blocks may have been written. */
    boolean mayContain(long first, long count) {
        long end = first + count;
        if (end > blocks) {
            return true;
        }
        for (long at = first; at < end; ) {
            long mask = mask(at, end);
            if ((word(at) & mask) != 0) {
                return true;
            }
            at += WORD - (at & (WORD - 1));
        }
        return false;
    }

    /** The bits of a word from a block on, up to its end or that of the range. */
    private static long mask(long at, long end) {
        long count = end - at;
        return (count >= WORD ? -1L : (1L << count) - 1) << at; // what is shifted out belongs to the next word
    }

    private long word(long block) {
        AtomicLongArray piece = pieces.get((int) (block >>> PIECE_BITS));
        return piece == null ? 0 : piece.get((int) (block >>> WORD_BITS) & (WORDS_PER_PIECE - 1));
    }

    private AtomicLongArray piece(int index) {
        AtomicLongArray piece = pieces.get(index);
        if (piece != null) {
            return piece;
        }
        long left = blocks - (long) index * BLOCKS_PER_PIECE;
        var made = new AtomicLongArray((int) ((Math.min(left, BLOCKS_PER_PIECE) + WORD - 1) / WORD));
        return pieces.compareAndSet(index, null, made) ? made : Objects.requireNonNull(pieces.get(index));
    }
}
