// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import dev.cachefiles.Errno;
import dev.cachefiles.ffm.libc.LibC;
import dev.cachefiles.spi.FileTrial;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Tries what the kernel does in a cache's directory; leaves nothing there. */
final class LinuxFileTrial {

    /** An alignment that every device takes, and so many bytes. */
    private static final int BLOCK = 4096;

    /** {@code __O_TMPFILE}, which is the same everywhere; {@code O_TMPFILE} has O_DIRECTORY too. */
    private static final int TMPFILE = 0x400000;

    private final int unnamed;
    private final int direct;

    /** Flags differ between asm-generic (x86-64, riscv64) and arch/arm64/include/uapi/asm/fcntl.h. */
    LinuxFileTrial(String architecture) {
        boolean arm = architecture.equalsIgnoreCase("aarch64");
        this.unnamed = TMPFILE | (arm ? 0x4000 : 0x10000);
        this.direct = arm ? 0x10000 : 0x4000;
    }

    FileTrial run(Path directory) {
        int plain = open(directory, 0);
        if (plain < 0) {
            return new FileTrial(plain, plain);
        }
        LibC.close(plain);
        int fd = open(directory, direct);
        if (fd < 0) {
            return new FileTrial(0, fd);
        }
        try (Arena arena = Arena.ofConfined()) {
            long written = LibC.pwrite(fd, arena.allocate(BLOCK, BLOCK), 0);
            return new FileTrial(0, written == BLOCK ? 0 : written < 0 ? (int) written : -Errno.EIO.number());
        } finally {
            LibC.close(fd);
        }
    }

    private int open(Path directory, int flags) {
        return LibC.open(directory.toString(), unnamed | flags | LibC.O_RDWR | LibC.O_CLOEXEC);
    }
}
