// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm.libc;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.cachefiles.spi.FileStatus;
import dev.cachefiles.spi.FreeSpace;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.ref.Reference;
import java.time.Instant;
import java.util.function.Consumer;

/**
 * System calls on files and directories by names in open directories; results as in {@link LibC}.
 *
 * <p>Safe for use by several threads.
 */
public final class FileCalls {
    private static final int O_RDONLY = 0;
    private static final int O_NONBLOCK = 0x800;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_REMOVEDIR = 0x200;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final long STATX_ATTR_MOUNT_ROOT = 0x2000;
    private static final int S_IFMT = 0xf000;
    private static final int S_IFREG = 0x8000;
    private static final int S_IFDIR = 0x4000;
    private static final int UNIT_OF_ST_BLOCKS = 512;
    private static final int CLONE_FS = 0x200;
    private static final int NAMES_BUFFER = 32 << 10;

    /** {@code struct statx_timestamp}; see statx(2). */
    private static final StructLayout TIMESTAMP = MemoryLayout.structLayout(
            JAVA_LONG.withName("tv_sec"), JAVA_INT.withName("tv_nsec"), MemoryLayout.paddingLayout(4));

    /** {@code struct statx}, the same on all architectures; see statx(2). */
    static final StructLayout STATX = MemoryLayout.structLayout(
            JAVA_INT.withName("stx_mask"),
            JAVA_INT.withName("stx_blksize"),
            JAVA_LONG.withName("stx_attributes"),
            JAVA_INT.withName("stx_nlink"),
            JAVA_INT.withName("stx_uid"),
            JAVA_INT.withName("stx_gid"),
            JAVA_SHORT.withName("stx_mode"),
            MemoryLayout.paddingLayout(2),
            JAVA_LONG.withName("stx_ino"),
            JAVA_LONG.withName("stx_size"),
            JAVA_LONG.withName("stx_blocks"),
            JAVA_LONG.withName("stx_attributes_mask"),
            TIMESTAMP.withName("stx_atime"),
            TIMESTAMP.withName("stx_btime"),
            TIMESTAMP.withName("stx_ctime"),
            TIMESTAMP.withName("stx_mtime"),
            JAVA_INT.withName("stx_rdev_major"),
            JAVA_INT.withName("stx_rdev_minor"),
            JAVA_INT.withName("stx_dev_major"),
            JAVA_INT.withName("stx_dev_minor"),
            MemoryLayout.paddingLayout(112));

    /** {@code struct statvfs} on 64-bit Linux; see statvfs(3). */
    static final StructLayout STATVFS = MemoryLayout.structLayout(
            JAVA_LONG.withName("f_bsize"),
            JAVA_LONG.withName("f_frsize"),
            JAVA_LONG.withName("f_blocks"),
            JAVA_LONG.withName("f_bfree"),
            JAVA_LONG.withName("f_bavail"),
            JAVA_LONG.withName("f_files"),
            JAVA_LONG.withName("f_ffree"),
            MemoryLayout.paddingLayout(56));

    /** Offsets in {@code struct linux_dirent64}; see getdents(2). */
    private static final int D_RECLEN = 16;

    private static final int D_NAME = 19;

    /** {@code int statx(int dirfd, const char *path, int flags, unsigned int mask, struct statx *)}; see statx(2). */
    private static final SystemCall STATX_CALL = new SystemCall("statx");

    /** {@code int fstatvfs(int fd, struct statvfs *)}; see statvfs(3). */
    private static final SystemCall FSTATVFS = new SystemCall("fstatvfs");

    /** {@code ssize_t getdents64(int fd, void *dirp, size_t count)}; see getdents(2). */
    private static final SystemCall GETDENTS = new SystemCall("getdents64");

    /** {@code int unlinkat(int dirfd, const char *path, int flags)}; see unlink(2). */
    private static final SystemCall UNLINKAT = new SystemCall("unlinkat");

    /** {@code ssize_t fgetxattr(int fd, const char *name, void *value, size_t size)}; see getxattr(2). */
    private static final SystemCall FGETXATTR = new SystemCall("fgetxattr");

    /** {@code ssize_t pread(int fd, void *buf, size_t count, off_t offset)}; see pread(2). */
    private static final SystemCall PREAD = new SystemCall("pread");

    /** {@code int syncfs(int fd)}; see sync(2). */
    private static final SystemCall SYNCFS = new SystemCall("syncfs");

    /** {@code int unshare(int flags)}; see unshare(2). */
    private static final SystemCall UNSHARE = new SystemCall("unshare");

    /** {@code int fchdir(int fd)}; see chdir(2). */
    private static final SystemCall FCHDIR = new SystemCall("fchdir");

    /** {@code int chdir(const char *path)}; see chdir(2). */
    private static final SystemCall CHDIR = new SystemCall("chdir");

    private FileCalls() {}

    /** Opens a directory by its path, close-on-exec. */
    public static int openDirectory(String path) {
        try (Arena arena = Arena.ofConfined()) {
            return openAt(LibC.AT_FDCWD, arena.allocateFrom(path), O_RDONLY | OpenFlags.HERE.directory());
        }
    }

    /** Opens a directory by a name in another, close-on-exec; follows no link. */
    public static int openDirectory(int directory, byte[] name) {
        try (Arena arena = Arena.ofConfined()) {
            int flags = O_RDONLY | OpenFlags.HERE.directory() | OpenFlags.HERE.noFollow();
            return openAt(directory, cString(arena, name), flags);
        }
    }

    /** Opens a file for reading by a name in a directory, close-on-exec; follows no link and waits for no writer. */
    public static int openFile(int directory, byte[] name) {
        try (Arena arena = Arena.ofConfined()) {
            return openAt(directory, cString(arena, name), O_RDONLY | O_NONBLOCK | OpenFlags.HERE.noFollow());
        }
    }

    private static int openAt(int directory, MemorySegment path, int flags) {
        return LibC.openAt(directory, path, flags | LibC.O_CLOEXEC);
    }

    /** Gives each name in a directory, from its start, but {@code .} and {@code ..}. */
    public static int names(int directory, Consumer<byte[]> names) {
        long start = LibC.lseek(directory, 0, LibC.SEEK_SET);
        if (start < 0) {
            return (int) start;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(NAMES_BUFFER, Long.BYTES);
            while (true) {
                int length = (int) getDents(directory, buffer);
                if (length <= 0) {
                    return length;
                }
                for (int at = 0; at < length; ) {
                    int size = Short.toUnsignedInt(buffer.get(JAVA_SHORT, at + D_RECLEN));
                    byte[] name = name(buffer.asSlice(at + D_NAME, size - D_NAME));
                    if (!isDots(name)) {
                        names.accept(name);
                    }
                    at += size;
                }
            }
        }
    }

    private static long getDents(int directory, MemorySegment buffer) {
        return GETDENTS.transfer(directory, buffer.address(), buffer.byteSize(), 0);
    }

    private static byte[] name(MemorySegment padded) {
        int length = 0;
        while (padded.get(JAVA_BYTE, length) != 0) {
            length++;
        }
        return padded.asSlice(0, length).toArray(JAVA_BYTE);
    }

    private static boolean isDots(byte[] name) {
        return name[0] == '.' && (name.length == 1 || (name.length == 2 && name[1] == '.'));
    }

    /** Looks at a file by a name in a directory; follows no link. */
    public static FileStatus status(int directory, byte[] name) {
        try (Arena arena = Arena.ofConfined()) {
            return status(arena, directory, cString(arena, name), AT_SYMLINK_NOFOLLOW);
        }
    }

    /** Looks at an open file. */
    public static FileStatus status(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            return status(arena, fd, arena.allocateFrom(""), AT_EMPTY_PATH);
        }
    }

    private static FileStatus status(Arena arena, int directory, MemorySegment path, int flags) {
        MemorySegment found = arena.allocate(STATX);
        int result = STATX_CALL.call(directory, path.address(), flags, STATX_BASIC_STATS, found.address());
        if (result < 0) {
            return FileStatus.failed(result);
        }
        long atime = LibC.offset(STATX, "stx_atime");
        long device = (long) found.get(JAVA_INT, LibC.offset(STATX, "stx_dev_major")) << Integer.SIZE
                | Integer.toUnsignedLong(found.get(JAVA_INT, LibC.offset(STATX, "stx_dev_minor")));
        return new FileStatus(
                0,
                type(found.get(JAVA_SHORT, LibC.offset(STATX, "stx_mode")) & S_IFMT),
                (found.get(JAVA_LONG, LibC.offset(STATX, "stx_attributes")) & STATX_ATTR_MOUNT_ROOT) != 0,
                device,
                found.get(JAVA_LONG, LibC.offset(STATX, "stx_ino")),
                found.get(JAVA_LONG, LibC.offset(STATX, "stx_size")),
                found.get(JAVA_LONG, LibC.offset(STATX, "stx_blocks")) * UNIT_OF_ST_BLOCKS,
                Instant.ofEpochSecond(
                        found.get(JAVA_LONG, atime + LibC.offset(TIMESTAMP, "tv_sec")),
                        found.get(JAVA_INT, atime + LibC.offset(TIMESTAMP, "tv_nsec"))));
    }

    private static FileStatus.Type type(int mode) {
        return switch (mode) {
            case S_IFREG -> FileStatus.Type.FILE;
            case S_IFDIR -> FileStatus.Type.DIRECTORY;
            default -> FileStatus.Type.OTHER;
        };
    }

    /** Gives the space of a file system. */
    public static FreeSpace space(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment found = arena.allocate(STATVFS);
            int result = FSTATVFS.call(fd, found.address());
            if (result < 0) {
                return FreeSpace.failed(result);
            }
            return new FreeSpace(
                    0,
                    found.get(JAVA_LONG, LibC.offset(STATVFS, "f_frsize")),
                    found.get(JAVA_LONG, LibC.offset(STATVFS, "f_blocks")),
                    found.get(JAVA_LONG, LibC.offset(STATVFS, "f_bavail")),
                    found.get(JAVA_LONG, LibC.offset(STATVFS, "f_files")),
                    found.get(JAVA_LONG, LibC.offset(STATVFS, "f_ffree")));
        }
    }

    /** Deletes what is not a directory, by a name in a directory. */
    public static int unlink(int directory, byte[] name) {
        return unlink(directory, name, 0);
    }

    /** Deletes an empty directory by a name in another. */
    public static int removeDirectory(int directory, byte[] name) {
        return unlink(directory, name, AT_REMOVEDIR);
    }

    private static int unlink(int directory, byte[] name, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return unlink(directory, cString(arena, name), flags);
        }
    }

    private static int unlink(int directory, MemorySegment name, int flags) {
        return UNLINKAT.call(directory, name.address(), flags);
    }

    /** Reads an extended attribute into native memory. */
    public static int attribute(int fd, String name, MemorySegment target) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) FGETXATTR.transfer(
                    fd, arena.allocateFrom(name).address(), SystemCall.address(target), target.byteSize());
        } finally {
            Reference.reachabilityFence(target);
        }
    }

    /** Reads bytes at an offset into native memory. */
    public static long pread(int fd, MemorySegment target, long offset) {
        try {
            return PREAD.transfer(fd, SystemCall.address(target), target.byteSize(), offset);
        } finally {
            Reference.reachabilityFence(target);
        }
    }

    /** Writes back the file system that a file is on. */
    public static int syncFileSystem(int fd) {
        return SYNCFS.call(fd);
    }

    /** Gives the calling thread a working directory of its own, at first the same. */
    public static int unshareWorkingDirectory() {
        return UNSHARE.call(CLONE_FS);
    }

    /** Changes the working directory of all threads that share it with the calling one. */
    public static int changeDirectory(int directory) {
        return FCHDIR.call(directory);
    }

    /** Changes the working directory of all threads that share it with the calling one. */
    public static int changeDirectory(String path) {
        try (Arena arena = Arena.ofConfined()) {
            return CHDIR.call(arena.allocateFrom(path).address());
        }
    }

    /** A name with a NUL would be cut there, and mean another file. */
    private static MemorySegment cString(Arena arena, byte[] name) {
        for (byte b : name) {
            if (b == 0 || b == '/') {
                throw new IllegalArgumentException("a name in a directory has a slash or NUL");
            }
        }
        MemorySegment string = arena.allocate(name.length + 1L);
        MemorySegment.copy(name, 0, string, JAVA_BYTE, 0, name.length);
        return string;
    }
}
