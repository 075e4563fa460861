// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.AnonFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * The anonymous fd of a cache object: the way to put bytes into its cache file.
 *
 * <p>Lent by the library: valid from the OPEN until the object's CLOSE was handled and its last READ answered; used
 * later, its methods throw {@link ClosedChannelException}. The fd itself is close-on-exec and never leaves the library.
 *
 * <p>Any memory, offset and length will do. The kernel takes only whole blocks (4096 bytes, or a memory page if that is
 * larger) from aligned memory; what does not fit is copied, and a block that is written in part is kept in memory until
 * it is whole. The block with the end of the object is padded with zeros. Fastest are native memory that is page
 * aligned and ranges that start and end at blocks: they go straight to the file.
 *
 * <p>Bytes of an object never change: a range may be written again, with the same bytes.
 *
 * <p>Safe for use by several threads at once. Calls block on the cache's file system and, on a virtual thread, hold its
 * carrier for as long.
 *
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_ondemand_fd_fops in
 *      fs/cachefiles/ondemand.c, Linux 5.19</a>
 */
public final class AnonFd implements Channel {
    private final CacheObject object;
    private final AnonFile file;
    private final CacheWriter writer;

    AnonFd(CacheObject object, AnonFile file, CacheWriter writer) {
        this.object = object;
        this.file = file;
        this.writer = writer;
    }

    /**
     * Writes bytes at a position of the object.
     *
     * @param source   the bytes, all of which are written; native or heap memory; free for reuse on return
     * @param position byte offset in the object, not negative
     * @throws IllegalArgumentException if {@code position} is negative
     * @throws ClosedChannelException   if the object's CLOSE was handled
     * @throws CachefilesException      with {@code ENOBUFS} if the object has no file: before its OPEN is answered,
     *     after the kernel withdrew it, or when the file system has less room than the limits ask for; with
     *     {@code ENOSPC}, {@code EROFS}, {@code EFBIG} or any other errno of pwrite(2)
     * @throws IOException              if more than 1024 blocks are written in part, or the thread is interrupted while
     *     it waits for the kernel to attach the file after the OPEN (at most 2 seconds)
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_ondemand_fd_write_iter in
     *      fs/cachefiles/ondemand.c</a>
     */
    public void write(MemorySegment source, long position) throws IOException {
        checkPosition(position);
        use();
        try {
            writer.write(source, position);
        } finally {
            object.release();
        }
    }

    /**
     * Writes bytes at a position of the object.
     *
     * @param source   the bytes from its position to its limit, all of which are written; on return its position is its
     *     limit
     * @param position byte offset in the object, not negative
     * @throws IllegalArgumentException if {@code position} is negative
     * @throws ClosedChannelException   if the object's CLOSE was handled
     * @throws IOException              as in {@link #write(MemorySegment, long)}
     */
    public void write(ByteBuffer source, long position) throws IOException {
        write(MemorySegment.ofBuffer(source), position);
        source.position(source.limit());
    }

    /**
     * Copies a range of a file to a position of the object.
     *
     * @param source         the file; its own position is neither used nor changed
     * @param sourcePosition byte offset in the file, not negative
     * @param count          number of bytes, not negative
     * @param position       byte offset in the object, not negative
     * @return the number of bytes copied, fewer than {@code count} if the file ends before
     * @throws IllegalArgumentException if an argument is negative
     * @throws ClosedChannelException   if the object's CLOSE was handled, or {@code source} is closed
     * @throws IOException              if the file cannot be read; or as in {@link #write(MemorySegment, long)}
     */
    public long transferFrom(FileChannel source, long sourcePosition, long count, long position) throws IOException {
        checkPosition(position);
        checkPosition(sourcePosition);
        if (count < 0) {
            throw new IllegalArgumentException("count " + count + " is negative");
        }
        Objects.requireNonNull(source, "source");
        use();
        try {
            return writer.transfer(source, sourcePosition, count, position);
        } finally {
            object.release();
        }
    }

    /**
     * Fills a range through memory of the library's own, which is aligned as the kernel wants it: no other copy is made.
     * The range is widened to whole blocks, clipped to the object's size, and read in parts of at most 256 KiB, in
     * order.
     *
     * @param offset first byte, not negative
     * @param length number of bytes, not negative
     * @param reader where the bytes come from
     * @throws IllegalArgumentException if an argument is negative
     * @throws ClosedChannelException   if the object's CLOSE was handled
     * @throws IOException              what {@code reader} throws, after which the parts before are in the cache; or as
     *     in {@link #write(MemorySegment, long)}
     */
    public void fill(long offset, long length, RangeReader reader) throws IOException {
        checkPosition(offset);
        checkPosition(length);
        use();
        try {
            writer.fill(offset, length, reader);
        } finally {
            object.release();
        }
    }

    /**
     * Tells whether a whole range is in the cache file.
     *
     * @param offset first byte, not negative
     * @param length number of bytes, not negative
     * @return true if readers of the range would find all of it
     * @throws IllegalArgumentException if an argument is negative
     * @throws ClosedChannelException   if the object's CLOSE was handled
     */
    public boolean isFilled(long offset, long length) throws ClosedChannelException {
        checkPosition(offset);
        checkPosition(length);
        use();
        try {
            return writer.isFilled(offset, length);
        } finally {
            object.release();
        }
    }

    /**
     * Finds cached bytes at or after a position ({@code SEEK_DATA}).
     *
     * @param position byte offset in the object, not negative
     * @return byte offset of the first cached byte at or after it, or empty if there is none
     * @throws IllegalArgumentException if {@code position} is negative
     * @throws ClosedChannelException   if the object's CLOSE was handled
     * @throws CachefilesException      with {@code ENOBUFS} if the object has no file, or any errno of lseek(2)
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_ondemand_fd_llseek in
     *      fs/cachefiles/ondemand.c</a>
     */
    public OptionalLong nextData(long position) throws IOException {
        checkPosition(position);
        use();
        try {
            return found("SEEK_DATA", position, file.seekData(position));
        } finally {
            object.release();
        }
    }

    /**
     * Finds cached bytes in a range, as {@link #nextData(long)} does, without an object for the result.
     *
     * @param position first byte of the range, not negative
     * @param end      byte behind the range
     * @return byte offset of the first cached byte; {@code end} if there is none before it
     * @throws IllegalArgumentException if {@code position} is negative
     * @throws IOException              as in {@link #nextData(long)}
     */
    public long nextData(long position, long end) throws IOException {
        checkPosition(position);
        use();
        try {
            return Math.min(end, found("SEEK_DATA", position, file.seekData(position), end));
        } finally {
            object.release();
        }
    }

    /**
     * Finds a hole in a range, as {@link #nextHole(long)} does, without an object for the result.
     *
     * @param position first byte of the range, not negative
     * @param end      byte behind the range
     * @return byte offset of the first byte that is not cached; {@code end} if there is none before it
     * @throws IllegalArgumentException if {@code position} is negative
     * @throws IOException              as in {@link #nextHole(long)}
     */
    public long nextHole(long position, long end) throws IOException {
        checkPosition(position);
        use();
        try {
            return Math.min(end, found("SEEK_HOLE", position, file.seekHole(position), end));
        } finally {
            object.release();
        }
    }

    /**
     * Finds a range that is not cached, at or after a position ({@code SEEK_HOLE}).
     *
     * @param position byte offset in the object, not negative
     * @return byte offset of the first byte that is not cached, at most the size of the cache file; or empty if
     *     {@code position} is not below that size
     * @throws IllegalArgumentException if {@code position} is negative
     * @throws ClosedChannelException   if the object's CLOSE was handled
     * @throws CachefilesException      with {@code ENOBUFS} if the object has no file, or any errno of lseek(2)
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_ondemand_fd_llseek in
     *      fs/cachefiles/ondemand.c</a>
     */
    public OptionalLong nextHole(long position) throws IOException {
        checkPosition(position);
        use();
        try {
            return found("SEEK_HOLE", position, file.seekHole(position));
        } finally {
            object.release();
        }
    }

    /**
     * Gives the size of the cache file.
     *
     * @return bytes, the object's size rounded up to whole pages
     * @throws ClosedChannelException if the object's CLOSE was handled
     * @throws CachefilesException    with {@code ENOBUFS} if the object has no file: before its OPEN is answered or
     *     after the kernel withdrew it
     */
    public long fileSize() throws IOException {
        use();
        try {
            long size = file.size();
            if (size < 0) {
                throw new CachefilesException("size of " + object.id(), Errno.ofResult(size));
            }
            return size;
        } finally {
            object.release();
        }
    }

    /**
     * Tells whether the fd can be used.
     *
     * @return false once the object's CLOSE was handled or {@link #close} was called
     */
    @Override
    public boolean isOpen() {
        return object.isOpen();
    }

    /**
     * Gives the fd back although the kernel has not asked for it, for example to stay below a limit of open files.
     *
     * <p>The fd closes when the READs that are not answered yet have been; one of a re-OPEN not before its first READ was
     * answered, for whose sake the kernel has opened it. At the next miss the kernel opens the object
     * again, with a new {@link OpenRequest} and a new {@link CacheObject}; for this one no CLOSE comes any more. Does
     * nothing if the fd is closed.
     */
    @Override
    public void close() {
        object.giveBack();
    }

    AnonFile file() {
        return file;
    }

    CacheWriter writer() {
        return writer;
    }

    private void use() throws ClosedChannelException {
        if (!object.tryAcquire()) {
            throw new ClosedChannelException();
        }
    }

    private OptionalLong found(String whence, long position, long result) throws CachefilesException {
        long found = found(whence, position, result, -1);
        return found < 0 ? OptionalLong.empty() : OptionalLong.of(found);
    }

    private long found(String whence, long position, long result, long none) throws CachefilesException {
        if (result >= 0) {
            return result;
        }
        if (result == -Errno.ENXIO.number()) {
            return none;
        }
        throw new CachefilesException(
                "lseek " + whence + " " + position + " of " + object.id(), Errno.ofResult(result));
    }

    private static void checkPosition(long position) {
        if (position < 0) {
            throw new IllegalArgumentException(position + " is negative");
        }
    }
}
