// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Makes any range out of whole chunks. Chunks that lie in the range are loaded into the caller's memory; of those at its
 * ends, which are wanted in part, a few are kept, so that the next piece of the same chunk finds it.
 *
 * <p>A chunk always goes to the same slot, under its lock: two who want pieces of it load it once.
 */
final class ChunkSlots {
    private final int chunkSize;
    private final Slot[] slots;

    /** Loads one or more whole chunks, the last of which may be the short one at the end of the blob. */
    @FunctionalInterface
    interface Loader {
        void load(long offset, MemorySegment chunks) throws IOException;
    }

    private static final class Slot {
        final ReentrantLock lock = new ReentrantLock();
        long loaded = -1;

        @Nullable
        MemorySegment memory;
    }

    ChunkSlots(int chunkSize, int count) {
        this.chunkSize = chunkSize;
        this.slots = new Slot[count];
        for (int i = 0; i < count; i++) {
            slots[i] = new Slot();
        }
    }

    void read(long offset, MemorySegment target, long blobSize, Loader loader) throws IOException {
        long end = offset + target.byteSize();
        if (offset < 0 || end > blobSize) {
            throw new IndexOutOfBoundsException(offset + " to " + end + " is not in a blob of " + blobSize + " bytes");
        }
        long position = offset;
        while (position < end) {
            long start = position - position % chunkSize;
            long wholeEnd = end == blobSize ? end : end - end % chunkSize;
            MemorySegment rest = target.asSlice(position - offset);
            if (position == start && wholeEnd > position) {
                loader.load(position, rest.asSlice(0, wholeEnd - position));
                position = wholeEnd;
            } else {
                long chunkEnd = Math.min(start + chunkSize, blobSize);
                long pieceEnd = Math.min(chunkEnd, end);
                piece(start, chunkEnd - start, position - start, rest.asSlice(0, pieceEnd - position), loader);
                position = pieceEnd;
            }
        }
    }

    private void piece(long start, long length, long from, MemorySegment target, Loader loader) throws IOException {
        Slot slot = slots[(int) (start / chunkSize % slots.length)];
        try {
            slot.lock.lockInterruptibly();
        } catch (InterruptedException e) {
            throw Failures.interrupted("waiting for the bytes at " + start);
        }
        try {
            MemorySegment memory = slot.memory;
            if (memory == null) {
                // Not closed by hand: a call that was given up may still use it when the source is closed.
                memory = Arena.ofAuto().allocate(chunkSize, 4096);
                slot.memory = memory;
            }
            if (slot.loaded != start) {
                slot.loaded = -1;
                loader.load(start, memory.asSlice(0, length));
                slot.loaded = start;
            }
            target.copyFrom(memory.asSlice(from, target.byteSize()));
        } finally {
            slot.lock.unlock();
        }
    }
}
