// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.testkit.KernelProfile.Quirk;
import java.io.IOException;
import java.io.InterruptedIOException;

/**
 * How the kernel reads a range of a blob: {@code cachefiles_do_prepare_read} in fs/cachefiles/io.c, and the loop around
 * it in fs/erofs/fscache.c.
 *
 * <p>Guarded by the kernel's lock, which is given up while a reader waits.
 */
final class MissReader {
    private final KernelCore core;

    MissReader(KernelCore core) {
        this.core = core;
    }

    /**
     * Reads bytes. Where a page is missing, all pages up to {@code readAheadEnd} are asked for in the same breath, but no
     * more than the read-ahead.
     */
    byte[] read(FakeObject object, long offset, int length, long readAheadEnd) throws IOException {
        byte[] bytes = new byte[length];
        long end = length == 0 ? 0 : offset + length;
        long wanted = core.roundUpToPage(Math.max(end, readAheadEnd));
        for (long at = core.roundDownToPage(offset); at < end; ) {
            long most = Math.min(Math.max(core.settings.readAhead(), core.settings.pageSize()), wanted - at);
            long got = attempt(object, at, most, bytes, offset);
            if (got == 0) {
                // The read-ahead has failed; now the page that is needed is tried by itself.
                got = attempt(object, at, core.settings.pageSize(), bytes, offset);
            }
            if (got == 0) {
                throw new CachefilesException(subject(object, offset, length), Errno.EIO);
            }
            at += got;
        }
        return bytes;
    }

    /** Reads whole pages, as one operation of the kernel; the number of bytes got, 0 for an error. */
    private long attempt(FakeObject object, long at, long most, byte[] bytes, long offset) throws IOException {
        if (!object.beginRead()) {
            throw new CachefilesException("read " + object, Errno.ENOBUFS);
        }
        try {
            BackingFile file = file(object);
            long got = core.roundDownToPage(cached(file, at));
            if (got == 0) {
                if (!fill(object, file, at, most)) {
                    return 0;
                }
                got = most;
            }
            long from = Math.max(at, offset);
            long to = Math.min(at + got, offset + bytes.length);
            file.read(from, bytes, (int) (from - offset), (int) (to - from));
            return got;
        } finally {
            object.endRead();
            core.changed.signalAll();
        }
    }

    /** How many bytes are in the file without a hole; the end of the file is a hole. */
    private static long cached(BackingFile file, long start) {
        return file.seekData(start) == start ? file.seekHole(start) - start : 0;
    }

    /** Sees to it that a range is in the file; false if the daemon has left a hole. */
    private boolean fill(FakeObject object, BackingFile file, long start, long length) throws IOException {
        long end = start + length;
        for (long at = start; at < end; at = file.seekHole(at)) {
            long hole = missing(file, at, end - at);
            if (hole > 0 && (!ask(object, at, hole) || missing(file, at, hole) > 0)) {
                return false;
            }
        }
        return true;
    }

    /** How many bytes are to be asked for, up to the next data; 0 if there is data. */
    private static long missing(BackingFile file, long start, long length) {
        long data = file.seekData(start);
        if (data == start) {
            return 0;
        }
        return data < 0 || data >= start + length ? length : data - start;
    }

    /** Sends a READ and waits for its answer; false if it fails. */
    private boolean ask(FakeObject object, long offset, long length) throws IOException {
        PendingRequest request = object.cache().sendRead(object, offset, length);
        if (request == null) {
            return false;
        }
        boolean answered;
        try {
            answered = core.has(Quirk.READERS_UNKILLABLE)
                    ? core.awaitUnkillably(request.completed, () -> request.done)
                    : core.awaitKillably(request.completed, () -> request.done);
        } catch (InterruptedException e) {
            object.cache().cancel(request, "(killed)");
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(subject(object, offset, length) + ": the reader was killed");
        }
        if (!answered) {
            var error = new HungReaderError(
                    subject(object, offset, length) + " waited " + core.settings.patience() + " for " + request);
            object.cache().cancel(request, "(reader gave up)");
            throw error;
        }
        if (request.readerKilled) {
            throw new InterruptedIOException(subject(object, offset, length) + ": the reader was killed");
        }
        return request.error == 0;
    }

    private static BackingFile file(FakeObject object) {
        BackingFile file = object.file();
        if (file == null) {
            throw new AssertionError(object + " has no file while it is read");
        }
        return file;
    }

    private static String subject(FakeObject object, long offset, long length) {
        return "read " + object + " [" + offset + " +" + length + ")";
    }
}
