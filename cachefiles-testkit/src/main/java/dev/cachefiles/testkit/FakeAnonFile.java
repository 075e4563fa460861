// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.Errno;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.testkit.FaultScript.Fault;
import dev.cachefiles.testkit.FaultScript.Point;
import dev.cachefiles.testkit.KernelProfile.Quirk;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * An anonymous fd, {@code cachefiles_ondemand_fd_fops} in fs/cachefiles/ondemand.c. Takes the kernel's lock in each
 * call.
 */
final class FakeAnonFile implements AnonFile {

    /** {@code MAX_RW_COUNT}: no call of the kernel transfers more. */
    private static final long MAX_TRANSFER = 0x7fff_f000;

    private final KernelCore core;
    private final FakeObject object;
    private final int objectId;
    private final int fd;
    private final OpenFile file;
    private final CallGuard guard;
    private boolean adopted;

    /** Closed, or its process was killed. */
    private boolean gone;

    FakeAnonFile(KernelCore core, FakeObject object, int objectId, int fd) {
        this.core = core;
        this.object = object;
        this.objectId = objectId;
        this.fd = fd;
        this.file = new OpenFile(() -> object.cache().fdReleased(object, objectId));
        this.guard = new CallGuard(this::toString, core.journal);
    }

    /** What a process has that was killed between its read of an OPEN and its use of the fd. */
    static FakeAnonFile ofKilledProcess(KernelCore core, FakeCache cache, int fd) {
        var file = new FakeAnonFile(core, FakeObject.none(cache), FakeObject.ID_CLOSED, fd);
        file.kill();
        return file;
    }

    /** With the kernel's lock held. */
    OpenFile file() {
        return file;
    }

    /** Takes the fd away from its process; what is to be done then. With the kernel's lock held. */
    Runnable kill() {
        guard.kill();
        gone = true;
        return file::close;
    }

    /** Hands the fd to the daemon's code, once. With the kernel's lock held. */
    void adopt() {
        if (adopted) {
            throw core.journal.misuse("second adoption of " + this);
        }
        adopted = true;
    }

    @Override
    public long pwrite(MemorySegment source, long position) {
        return call("pwrite", () -> {
            if (!source.isNative()) {
                throw core.journal.misuse("pwrite of " + this + " from heap memory");
            }
            core.journal.writes++;
            return switch (core.faults.pass(Point.WRITE)) {
                case Fault.Fail fail -> KernelCore.error(fail.errno());
                case Fault.Shorten cut -> write(source, position, cut.bytes());
                case null, default -> write(source, position, Long.MAX_VALUE);
            };
        });
    }

    /** Writes; the file system takes so many bytes at most. */
    private long write(MemorySegment source, long position, long taken) {
        if (position < 0) {
            return KernelCore.error(Errno.EINVAL);
        }
        BackingFile file = object.fileForDaemon();
        if (file == null) {
            return KernelCore.error(Errno.ENOBUFS);
        }
        long length = Math.min(source.byteSize(), MAX_TRANSFER);
        long start = core.roundDownToPage(position);
        boolean direct = source.address() % Settings.MEMORY_ALIGNMENT == 0 && length % core.settings.sectorSize() == 0;
        if (start != position || !direct) {
            core.journal.misalignedWrites++;
        }
        if (start != position && !core.has(Quirk.SHIFTS_MISALIGNED_WRITES)) {
            return KernelCore.error(Errno.ENOBUFS);
        }
        if (!object.cache().store().canWrite(length)) {
            return KernelCore.error(Errno.ENOBUFS);
        }
        if (length == 0) {
            return 0;
        }
        long most = Math.min(BackingFile.MAX_SIZE, core.process.fileSizeLimit()) - start;
        if (most <= 0) {
            return KernelCore.error(Errno.EFBIG);
        }
        long written = write(file, start, source.asSlice(0, Math.min(length, most)), taken);
        return written > 0 && core.has(Quirk.REPORTS_WHOLE_WRITES) ? core.roundUpToPage(length) : written;
    }

    /** The file system's part. Space for all of it is found first. */
    private long write(BackingFile file, long start, MemorySegment source, long taken) {
        long length = source.byteSize();
        if (core.disk.isReadOnly()) {
            return KernelCore.error(Errno.EROFS);
        }
        if (source.address() % Settings.MEMORY_ALIGNMENT != 0 || length % core.settings.sectorSize() != 0) {
            return KernelCore.error(Errno.EINVAL);
        }
        if (file.missingBlocks(start, length) > core.disk.freeBlocks()) {
            return KernelCore.error(Errno.ENOSPC);
        }
        byte[] bytes = source.asSlice(0, Math.min(length, taken)).toArray(ValueLayout.JAVA_BYTE);
        file.write(start, bytes);
        core.journal.bytesWritten += bytes.length;
        return bytes.length;
    }

    @Override
    public long seekData(long position) {
        return seek("lseek SEEK_DATA", file -> position < 0 ? -1 : file.seekData(position));
    }

    @Override
    public long seekHole(long position) {
        return seek("lseek SEEK_HOLE", file -> position < 0 ? -1 : file.seekHole(position));
    }

    @Override
    public long size() {
        return seek("lseek SEEK_END", BackingFile::size);
    }

    private long seek(String name, ToLongFunction<BackingFile> seek) {
        return call(name, () -> {
            int error = core.faults.error(Point.SEEK);
            if (error != 0) {
                return error;
            }
            BackingFile file = object.fileForDaemon();
            if (file == null) {
                return KernelCore.error(Errno.ENOBUFS);
            }
            long result = seek.applyAsLong(file);
            return result < 0 ? KernelCore.error(Errno.ENXIO) : result;
        });
    }

    @Override
    public int completeRead(int messageId) {
        return (int) call("ioctl READ_COMPLETE", () -> {
            int error = core.faults.error(Point.COMPLETE);
            return error != 0 ? error : object.cache().completeRead(object, messageId);
        });
    }

    @Override
    public void close() {
        guard.close();
        core.lock.lock();
        try {
            if (gone) {
                return;
            }
            gone = true;
            file.close();
            // Last, so that who sees the number free also sees what the close has done.
            core.process.closed(fd);
            core.changed.signalAll();
        } finally {
            core.lock.unlock();
        }
    }

    private long call(String name, LongSupplier call) {
        guard.enter(name);
        try {
            core.lock.lock();
            try {
                return gone ? KernelCore.error(Errno.EBADF) : call.getAsLong();
            } finally {
                core.lock.unlock();
            }
        } finally {
            guard.exit();
        }
    }

    @Override
    public String toString() {
        return "fd " + fd + " of " + object + " (o" + objectId + ")";
    }
}
