// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import dev.cachefiles.Errno;
import dev.cachefiles.ffm.libc.FileCalls;
import dev.cachefiles.ffm.libc.LibC;
import dev.cachefiles.spi.CacheFiles;
import dev.cachefiles.spi.FileStatus;
import dev.cachefiles.spi.FreeSpace;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Files of a cache, on Linux; handles are fds. */
final class LinuxCacheFiles implements CacheFiles {
    static final LinuxCacheFiles INSTANCE = new LinuxCacheFiles();

    private LinuxCacheFiles() {}

    @Override
    public int openRoot(Path directory) {
        return FileCalls.openDirectory(directory.toString());
    }

    @Override
    public int openDirectory(int directory, byte[] name) {
        return FileCalls.openDirectory(directory, name);
    }

    @Override
    public int openFile(int directory, byte[] name) {
        // Looked at before it is opened: to open a device or a pipe can have effects.
        FileStatus status = status(directory, name);
        if (status.result() < 0) {
            return status.result();
        }
        if (status.type() != FileStatus.Type.FILE) {
            return -Errno.EINVAL.number();
        }
        int file = FileCalls.openFile(directory, name);
        if (file >= 0 && !status.isSameFile(status(file))) {
            LibC.close(file);
            return -Errno.ESTALE.number();
        }
        return file;
    }

    @Override
    public void close(int handle) {
        LibC.close(handle);
    }

    @Override
    public int names(int directory, Consumer<byte[]> names) {
        return FileCalls.names(directory, names);
    }

    @Override
    public FileStatus status(int directory, byte[] name) {
        return FileCalls.status(directory, name);
    }

    @Override
    public FileStatus status(int handle) {
        return FileCalls.status(handle);
    }

    @Override
    public FreeSpace space(int handle) {
        return FileCalls.space(handle);
    }

    @Override
    public int sync(int handle) {
        return FileCalls.syncFileSystem(handle);
    }

    @Override
    public int attribute(int file, String name, MemorySegment target) {
        return FileCalls.attribute(file, name, target);
    }

    @Override
    public long read(int file, MemorySegment target, long position) {
        return FileCalls.pread(file, target, position);
    }

    @Override
    public long seekData(int file, long position) {
        return LibC.lseek(file, position, LibC.SEEK_DATA);
    }

    @Override
    public long seekHole(int file, long position) {
        return LibC.lseek(file, position, LibC.SEEK_HOLE);
    }

    @Override
    public int removeFile(int directory, byte[] name) {
        return FileCalls.unlink(directory, name);
    }

    @Override
    public int removeDirectory(int directory, byte[] name) {
        return FileCalls.removeDirectory(directory, name);
    }
}
