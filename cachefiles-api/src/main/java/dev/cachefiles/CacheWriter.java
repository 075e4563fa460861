// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.AnonFile;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes any bytes at any place of one object through an fd that takes only aligned memory, lengths and offsets.
 *
 * <p>The kernel writes the cache file with direct I/O, and rounds a position that is not a multiple of a page down
 * without a word (6.1) or refuses it (6.12). What fits is written straight from the caller's memory; other memory is
 * copied through an aligned buffer; blocks given in part wait in {@link PartialBlocks}; the block that holds the
 * object's end is padded with zeros.
 *
 * <p>Safe for use by several threads.
 */
final class CacheWriter {

    /** The smallest alignment that every backing file system was seen to take. */
    private static final int MIN_BLOCK_SIZE = 4096;

    /** After copen the kernel takes some milliseconds to attach the file; under load much longer was seen. */
    private static final long ATTACH_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final long ATTACH_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final CacheObject object;
    private final AnonFile file;
    private final CachefilesChannel channel;
    private final BufferPool buffers;
    private final int blockSize;
    private final int blockBits;
    private final PartialBlocks partials;

    private final AtomicLong writtenBytes = new AtomicLong();

    private volatile long size = Long.MAX_VALUE;
    private volatile boolean attached;

    /** What the hole map need not be asked for. */
    private volatile WrittenBlocks written = new WrittenBlocks(0);

    CacheWriter(CacheObject object, AnonFile file, CachefilesChannel channel) {
        this.object = object;
        this.file = file;
        this.channel = channel;
        this.buffers = channel.buffers();
        this.blockSize = blockSize(channel.pageSize());
        this.blockBits = Integer.numberOfTrailingZeros(blockSize);
        this.partials = new PartialBlocks(blockSize);
    }

    static int blockSize(int pageSize) {
        return Math.max(MIN_BLOCK_SIZE, pageSize);
    }

    /** Tells the size, from copen on; the block that holds the end is padded from there. */
    void size(long bytes) {
        written = new WrittenBlocks(bytes / blockSize + 1);
        size = bytes;
    }

    /** A READ was delivered, so the kernel has attached the file: from now on ENOBUFS is an error. */
    void attached() {
        if (!attached) {
            attached = true;
        }
    }

    void write(MemorySegment source, long position) throws IOException {
        check(position, source.byteSize());
        if (((position | source.byteSize()) & (blockSize - 1)) == 0) {
            if (source.byteSize() > 0) {
                writeBlocks(source, position);
            }
            return;
        }
        long end = position + source.byteSize();
        long bodyStart = Math.min(end, roundUp(position));
        if (position < bodyStart) {
            writePiece(source.asSlice(0, bodyStart - position), position);
        }
        long bodyEnd = Math.max(bodyStart, roundDown(end));
        if (bodyStart < bodyEnd) {
            writeBlocks(source.asSlice(bodyStart - position, bodyEnd - bodyStart), bodyStart);
        }
        if (bodyEnd < end) {
            writePiece(source.asSlice(bodyEnd - position, end - bodyEnd), bodyEnd);
        }
    }

    /** Copies a range of a file; returns how many bytes there were, fewer than {@code count} at the end of the file. */
    long transfer(FileChannel source, long sourcePosition, long count, long position) throws IOException {
        BufferPool.Buffer buffer = buffers.take();
        try {
            long done = 0;
            while (done < count) {
                // Ends each round at a block's edge, so that only the ends of the whole range can be pieces.
                long room = buffer.segment().byteSize() - (position + done) % blockSize;
                int want = (int) Math.min(count - done, room);
                buffer.bytes().clear().limit(want);
                int got = readFully(source, buffer, sourcePosition + done);
                long at = position + done;
                int padded = got;
                if (at % blockSize == 0 && got % blockSize != 0 && at + got >= size) {
                    padded = (int) roundUp(got);
                    buffer.segment().asSlice(got, padded - got).fill((byte) 0);
                }
                write(buffer.segment().asSlice(0, padded), at);
                done += got;
                if (got < want) {
                    break;
                }
            }
            return done;
        } finally {
            buffers.give(buffer);
        }
    }

    void fill(long offset, long length, RangeReader reader) throws IOException {
        check(offset, 0);
        long end = length >= size - offset ? size : Math.min(size, blockEnd(offset + length));
        BufferPool.Buffer buffer = buffers.take();
        try {
            for (long at = roundDown(offset); at < end; ) {
                int want = (int) Math.min(end - at, buffer.segment().byteSize());
                int padded = (int) roundUp(want);
                OnDemandListener observer = channel.observer();
                long start = observer == null ? 0 : System.nanoTime();
                MemorySegment target = buffer.segment().asSlice(0, want);
                reader.read(target, at);
                if (observer != null) {
                    observer.fetched(object, at, want, Duration.ofNanos(System.nanoTime() - start));
                }
                if (padded > want) {
                    target = buffer.segment().asSlice(0, padded);
                    target.asSlice(want).fill((byte) 0);
                }
                writeAligned(target, at);
                at += want;
            }
        } finally {
            buffers.give(buffer);
        }
    }

    private static int readFully(FileChannel source, BufferPool.Buffer buffer, long position) throws IOException {
        int got = 0;
        while (buffer.bytes().hasRemaining()) {
            int n = source.read(buffer.bytes(), position + got);
            if (n < 0) {
                break;
            }
            got += n;
        }
        return got;
    }

    /**
     * Tells whether a range is really in the cache file. Costs no system call where this object wrote the range just
     * before.
     */
    boolean isFilled(long offset, long length) {
        long end = offset + length;
        long first = offset >>> blockBits;
        if (written.containsAll(first, ((end + blockSize - 1) >>> blockBits) - first)) {
            return true;
        }
        return file.seekData(offset) == offset && file.seekHole(offset) >= end;
    }

    private void writeBlocks(MemorySegment blocks, long position) throws IOException {
        if (blocks.isNative() && (blocks.address() & (blockSize - 1)) == 0) {
            writeAligned(blocks, position);
            return;
        }
        BufferPool.Buffer buffer = buffers.take();
        try {
            long total = blocks.byteSize();
            for (long done = 0; done < total; ) {
                long n = Math.min(total - done, buffer.segment().byteSize());
                MemorySegment.copy(blocks, done, buffer.segment(), 0, n);
                writeAligned(buffer.segment().asSlice(0, n), position + done);
                done += n;
            }
        } finally {
            buffers.give(buffer);
        }
    }

    /** Writes less than a block; it reaches the file once the block is whole. */
    private void writePiece(MemorySegment piece, long position) throws IOException {
        long block = roundDown(position);
        if (isFilled(block, blockSize)) {
            return; // the object's bytes never change, so the block already holds these
        }
        long left = size - block;
        int needed = left > 0 && left < blockSize ? (int) left : blockSize;
        MemorySegment whole;
        try {
            whole = partials.add(block, (int) (position - block), piece, needed);
        } catch (IllegalStateException e) {
            throw new IOException(
                    "write " + object.id() + " " + range(position, piece.byteSize()) + ": " + e.getMessage());
        }
        if (whole != null) {
            writeAligned(whole, block);
        }
    }

    /**
     * Writes whole blocks. Never across the limit of file sizes: the kernel would write part of a block there, mark all of
     * it as cached, and readers would see zeros.
     */
    private void writeAligned(MemorySegment blocks, long position) throws IOException {
        long room = roundDown(channel.fileSizeLimit()) - position;
        if (blocks.byteSize() > room) {
            if (room > 0) {
                writeBelowLimit(blocks.asSlice(0, room), position);
            }
            long written = Math.max(0, room);
            throw failed(-Errno.EFBIG.number(), position + written, blocks.byteSize() - written);
        }
        writeBelowLimit(blocks, position);
    }

    private void writeBelowLimit(MemorySegment blocks, long position) throws IOException {
        OnDemandListener observer = channel.observer();
        long start = observer == null ? 0 : System.nanoTime();
        long total = blocks.byteSize();
        long done = 0;
        long deadline = 0;
        boolean raised = false;
        boolean roomMade = false;
        while (done < total) {
            MemorySegment rest = done == 0 ? blocks : blocks.asSlice(done);
            long n = file.pwrite(rest, position + done);
            if (n >= blockSize) {
                attached();
                // A count that is not of whole blocks is a real short write: the last block goes again.
                done = Math.min(total, done + roundDown(n));
            } else if (n == -Errno.ENOBUFS.number() && mayStillAttach()) {
                long now = System.nanoTime();
                if (deadline == 0) {
                    deadline = now + ATTACH_TIMEOUT_NANOS;
                } else if (now - deadline > 0) {
                    if (roomMade || !channel.makeRoom()) {
                        throw failed(n, position + done, total - done);
                    }
                    roomMade = true;
                }
                LockSupport.parkNanos(this, ATTACH_POLL_NANOS);
                if (Thread.currentThread().isInterrupted()) {
                    throw new InterruptedIOException(
                            "write " + object.id() + ": interrupted before the kernel attached it");
                }
            } else if (!raised && (n > 0 || n == -Errno.EFBIG.number())) {
                // Somebody has lowered the limit. A piece of a block may be in the file: it must be made whole at once.
                channel.raiseFileSizeLimit();
                raised = true;
            } else if (!roomMade && isNoRoom(n) && channel.makeRoom()) {
                roomMade = true;
            } else if (n != -Errno.EINTR.number()) {
                throw failed(n, position + done, total - done);
            }
        }
        writtenBytes.getAndAdd(total);
        channel.wrote(total);
        written.add(position >>> blockBits, total >>> blockBits);
        if (observer != null) {
            observer.written(object, position, total, Duration.ofNanos(System.nanoTime() - start));
        }
    }

    /** What culling may help against; ENOBUFS has other causes too. */
    private static boolean isNoRoom(long result) {
        return result == -Errno.ENOSPC.number() || result == -Errno.ENOBUFS.number();
    }

    /** Bytes that were written, those twice that were written twice. */
    long writtenBytes() {
        return writtenBytes.get();
    }

    /** The kernel refuses whole blocks by itself; a piece of one would wait here, and nobody would know its end. */
    private void check(long position, long length) throws IOException {
        if (size == Long.MAX_VALUE) {
            throw failed(-Errno.ENOBUFS.number(), position, length);
        }
        if (position > Long.MAX_VALUE - blockSize - length) {
            throw failed(-Errno.EFBIG.number(), position, length);
        }
    }

    /** Waits until the kernel has attached the file after the OPEN, but no longer than a write would. */
    void awaitAttached() throws IOException {
        long start = System.nanoTime();
        while (mayStillAttach()) {
            if (file.size() >= 0) {
                attached();
            } else if (System.nanoTime() - start > ATTACH_TIMEOUT_NANOS) {
                return;
            } else {
                LockSupport.parkNanos(this, ATTACH_POLL_NANOS);
                if (Thread.currentThread().isInterrupted()) {
                    throw new InterruptedIOException(object.id() + ": interrupted before the kernel attached it");
                }
            }
        }
    }

    /** Between copen and the first write or READ, ENOBUFS can mean that the file is not attached yet. */
    private boolean mayStillAttach() {
        return !attached && size != Long.MAX_VALUE;
    }

    /** Tells whether any of these whole blocks may have been written since the object was opened. */
    boolean mayHaveWritten(long offset, long length) {
        return written.mayContain(offset >>> blockBits, length >>> blockBits);
    }

    private IOException failed(long result, long position, long length) {
        String subject = "write " + object.id() + " " + range(position, length);
        if (result >= 0) {
            return new IOException(subject + ": the kernel wrote " + result + " bytes and no error");
        }
        Errno errno = Errno.ofResult(result);
        return new CachefilesException(subject, errno, cure(errno));
    }

    private String cure(Errno errno) {
        if (errno.equals(Errno.ENOBUFS)) {
            return size == Long.MAX_VALUE
                    ? "the OPEN is not answered yet; write after it was accepted (OnDemandHandler.opened)"
                    : "the kernel has closed the object, or the cache's file system has less room than bstop or fstop"
                            + " asks for; free some, or lower the limits";
        }
        if (errno.equals(Errno.ENOSPC)) {
            return "the cache's file system is full; free some space";
        }
        if (errno.equals(Errno.EROFS)) {
            return "the cache's file system has become read-only; see the kernel's log";
        }
        if (errno.equals(Errno.EFBIG)) {
            return "beyond the limit of this process (RLIMIT_FSIZE, ulimit -f, LimitFSIZE=), or of the cache's file system;"
                    + " raise the first";
        }
        return "";
    }

    /** Where the block with this byte starts. */
    long blockStart(long position) {
        return roundDown(position);
    }

    /** Where the block that ends at or after this position ends; the position itself where there can be none. */
    long blockEnd(long position) {
        return position > Long.MAX_VALUE - blockSize ? position : roundUp(position);
    }

    static String range(long offset, long length) {
        return "[" + offset + " +" + length + ")";
    }

    private long roundDown(long position) {
        return position & -(long) blockSize;
    }

    private long roundUp(long position) {
        return Math.addExact(position, blockSize - 1) & -(long) blockSize;
    }
}
