// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.AnonFile;
import java.util.ArrayList;
import java.util.List;

/**
 * Which bytes of an object are in its cache file, as the file's own holes tell ({@code SEEK_DATA}, {@code SEEK_HOLE}).
 *
 * @param size   bytes of the object
 * @param cached ranges that are cached, in order, with holes between them; none reaches beyond the size
 */
public record HoleMap(long size, List<Range> cached) {

    /**
     * A range of bytes.
     *
     * @param offset first byte, not negative
     * @param length number of bytes, at least 1
     */
    public record Range(long offset, long length) {
        /**
         * Gives the end.
         *
         * @return byte offset of the first byte behind the range
         */
        public long end() {
            return offset + length;
        }
    }

    /** Keeps a copy. */
    public HoleMap {
        cached = List.copyOf(cached);
    }

    /** Looks at a file; the caller keeps it open. */
    static HoleMap of(ObjectId id, AnonFile file, long size) throws CachefilesException {
        List<Range> ranges = new ArrayList<>();
        long data = found(id, file.seekData(0), size);
        while (data < size) {
            long hole = Math.min(size, found(id, file.seekHole(data), size));
            if (hole > data) { // or it was taken away between the two calls, which the kernel does not do
                ranges.add(new Range(data, hole - data));
            }
            data = hole < size ? found(id, file.seekData(hole), size) : size;
        }
        return new HoleMap(size, ranges);
    }

    private static long found(ObjectId id, long result, long size) throws CachefilesException {
        if (result >= 0) {
            return result;
        }
        Errno errno = Errno.ofResult(result);
        if (errno.equals(Errno.ENXIO)) {
            return size;
        }
        throw new CachefilesException("holes of " + id, errno);
    }

    /**
     * Gives how much is cached.
     *
     * @return number of bytes
     */
    public long cachedBytes() {
        return cached.stream().mapToLong(Range::length).sum();
    }

    /**
     * Gives the holes: what would be asked for if it were read.
     *
     * @return ranges that are not cached, in order
     */
    public List<Range> missing() {
        List<Range> holes = new ArrayList<>();
        long at = 0;
        for (Range range : cached) {
            if (range.offset() > at) {
                holes.add(new Range(at, range.offset() - at));
            }
            at = range.end();
        }
        if (at < size) {
            holes.add(new Range(at, size - at));
        }
        return holes;
    }

    /**
     * Tells whether all is cached: no READ of the object comes any more, in this mount and in later ones.
     *
     * @return true if there is no hole
     */
    public boolean isComplete() {
        return cachedBytes() == size;
    }
}
