// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import dev.cachefiles.Errno;
import dev.cachefiles.ffm.libc.Ioctl;
import dev.cachefiles.ffm.libc.LibC;
import dev.cachefiles.spi.AnonFile;
import java.lang.foreign.MemorySegment;

/**
 * An fd of {@code anon_inode:[cachefiles]}.
 *
 * @param fd the number, owned by this
 */
record LinuxAnonFile(int fd) implements AnonFile {

    @Override
    public long pwrite(MemorySegment source, long position) {
        return LibC.pwrite(fd, source, position);
    }

    @Override
    public long seekData(long position) {
        return LibC.lseek(fd, position, LibC.SEEK_DATA);
    }

    @Override
    public long seekHole(long position) {
        return LibC.lseek(fd, position, LibC.SEEK_HOLE);
    }

    @Override
    public long size() {
        return LibC.lseek(fd, 0, LibC.SEEK_END);
    }

    @Override
    public int completeRead(int messageId) {
        // EINVAL is the only errno that the kernel has for it.
        return LibC.ioctl(fd, Ioctl.READ_COMPLETE, Integer.toUnsignedLong(messageId)) == 0 ? 0 : -Errno.EINVAL.number();
    }

    @Override
    public void close() {
        LibC.close(fd);
    }
}
