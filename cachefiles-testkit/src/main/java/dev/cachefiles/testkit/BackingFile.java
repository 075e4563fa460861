// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * A sparse file: what was never written is a hole, by whole blocks of the file system.
 *
 * <p>Guarded by the kernel's lock.
 */
final class BackingFile {

    /** Largest file, as on ext4 with blocks of 4096 bytes. */
    static final long MAX_SIZE = 16L << 40;

    /** Blocks that files take together. */
    static final class BlockCount {
        long used;
    }

    private final int blockSize;
    private final BlockCount count;
    private final Map<Long, byte[]> blocks = new HashMap<>();

    /** Runs of blocks with data: first block to the block after the last; runs never touch. */
    private final TreeMap<Long, Long> data = new TreeMap<>();

    private long size;

    BackingFile(int blockSize, long size) {
        this(blockSize, size, new BlockCount());
    }

    /** Makes a file of holes, whose blocks are counted with those of others. */
    BackingFile(int blockSize, long size, BlockCount count) {
        this.blockSize = blockSize;
        this.count = count;
        this.size = size;
    }

    long size() {
        return size;
    }

    /** Bytes in blocks with data. */
    long allocatedBytes() {
        return (long) blocks.size() * blockSize;
    }

    /** Cuts the file, or extends it with a hole. */
    void resize(long newSize) {
        long firstGone = (newSize + blockSize - 1) / blockSize;
        count.used -= blocks.size();
        blocks.keySet().removeIf(block -> block >= firstGone);
        count.used += blocks.size();
        data.tailMap(firstGone, true).clear();
        Map.Entry<Long, Long> last = data.lastEntry();
        if (last != null && last.getValue() > firstGone) {
            data.put(last.getKey(), firstGone);
        }
        byte[] cut = blocks.get(newSize / blockSize);
        if (cut != null) {
            java.util.Arrays.fill(cut, (int) (newSize % blockSize), blockSize, (byte) 0);
        }
        size = newSize;
    }

    /** Writes; a block that is written in part becomes data as a whole, with zeros where nothing was written. */
    void write(long position, byte[] bytes) {
        for (int done = 0; done < bytes.length; ) {
            long at = position + done;
            int inBlock = (int) (at % blockSize);
            int n = Math.min(bytes.length - done, blockSize - inBlock);
            byte[] block = blocks.computeIfAbsent(at / blockSize, b -> {
                count.used++;
                return new byte[blockSize];
            });
            System.arraycopy(bytes, done, block, inBlock, n);
            done += n;
        }
        if (bytes.length > 0) {
            addRun(position / blockSize, (position + bytes.length + blockSize - 1) / blockSize);
            size = Math.max(size, position + bytes.length);
        }
    }

    /** Gives the blocks with data back, which take space until then. */
    void free() {
        resize(0);
    }

    /** How many blocks would take space that do not yet, if a range were written. */
    long missingBlocks(long position, long length) {
        long missing = 0;
        long end = (position + length + blockSize - 1) / blockSize;
        for (long block = position / blockSize; block < end; block++) {
            if (!blocks.containsKey(block)) {
                missing++;
            }
        }
        return missing;
    }

    private void addRun(long first, long end) {
        Map.Entry<Long, Long> before = data.floorEntry(first);
        if (before != null && before.getValue() >= first) {
            first = before.getKey();
            end = Math.max(end, before.getValue());
        }
        var touched = data.subMap(first, true, end, true);
        for (long touchedEnd : touched.values()) {
            end = Math.max(end, touchedEnd);
        }
        touched.clear();
        data.put(first, end);
    }

    /** Copies bytes out; holes and what is beyond the end read as zeros. */
    void read(long position, byte[] target, int from, int length) {
        for (int done = 0; done < length; ) {
            long at = position + done;
            int inBlock = (int) (at % blockSize);
            int n = Math.min(length - done, blockSize - inBlock);
            byte[] block = blocks.get(at / blockSize);
            if (block != null) {
                System.arraycopy(block, inBlock, target, from + done, n);
            }
            done += n;
        }
    }

    /** First data at or after the position, or -1 for none ({@code ENXIO}). */
    long seekData(long position) {
        if (position >= size) {
            return -1;
        }
        long block = position / blockSize;
        Map.Entry<Long, Long> run = data.floorEntry(block);
        if (run != null && run.getValue() > block) {
            return position;
        }
        Long next = data.ceilingKey(block);
        return next == null || next * blockSize >= size ? -1 : next * blockSize;
    }

    /** First hole at or after the position, at most the size; or -1 if the position is not below the size. */
    long seekHole(long position) {
        if (position >= size) {
            return -1;
        }
        long block = position / blockSize;
        Map.Entry<Long, Long> run = data.floorEntry(block);
        return run != null && run.getValue() > block ? Math.min(size, run.getValue() * blockSize) : position;
    }
}
