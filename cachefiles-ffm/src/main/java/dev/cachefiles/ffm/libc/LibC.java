// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm.libc;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/**
 * The C library's system calls that cachefiles needs.
 *
 * <p>Each method returns the call's result if it is not negative, else the negated errno, which is captured with the
 * call, on its own thread. Safe for use by several threads. A call that blocks holds its thread, also the carrier of a
 * virtual thread.
 */
public final class LibC {

    /** Open for reading and writing. */
    public static final int O_RDWR = 2;

    /** Close on exec. */
    public static final int O_CLOEXEC = 0x80000;

    /** Seek from the start. */
    public static final int SEEK_SET = 0;

    /** Seek from the end. */
    public static final int SEEK_END = 2;

    /** Seek to the next data. */
    public static final int SEEK_DATA = 3;

    /** Seek to the next hole. */
    public static final int SEEK_HOLE = 4;

    /** The directory of a relative path is the working directory. */
    static final int AT_FDCWD = -100;

    private static final int F_SETFD = 2;
    private static final int FD_CLOEXEC = 1;
    private static final int EFD_CLOEXEC = O_CLOEXEC;
    private static final int EFD_NONBLOCK = 0x800;
    private static final int SC_PAGESIZE = 30;

    /** {@code struct timespec}; see clock_gettime(2). */
    static final StructLayout TIMESPEC =
            MemoryLayout.structLayout(JAVA_LONG.withName("tv_sec"), JAVA_LONG.withName("tv_nsec"));

    /** {@code struct rlimit}; see getrlimit(2). */
    static final StructLayout RLIMIT =
            MemoryLayout.structLayout(JAVA_LONG.withName("rlim_cur"), JAVA_LONG.withName("rlim_max"));

    private static final int RLIMIT_FSIZE = 1;
    private static final int RLIMIT_NOFILE = 7;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** {@code int openat(int dirfd, const char *path, int flags, ...)}; see open(2). */
    private static final SystemCall OPENAT = new SystemCall("openat");

    /** {@code ssize_t read(int fd, void *buf, size_t count)}; see read(2). */
    private static final MethodHandle READ = SystemCall.handle("read");

    /** {@code ssize_t write(int fd, const void *buf, size_t count)}; see write(2). */
    private static final SystemCall WRITE = new SystemCall("write");

    /** {@code int ppoll(struct pollfd *, nfds_t n, const struct timespec *, const sigset_t *)}; see ppoll(2). */
    private static final SystemCall PPOLL = new SystemCall("ppoll");

    /** {@code int eventfd(unsigned int initval, int flags)}; see eventfd(2). */
    private static final SystemCall EVENTFD = new SystemCall("eventfd");

    /** {@code long sysconf(int name)}; see sysconf(3). */
    private static final SystemCall SYSCONF = new SystemCall("sysconf");

    /** {@code int getrlimit(int resource, struct rlimit *rlim)}; see getrlimit(2). */
    private static final SystemCall GETRLIMIT = new SystemCall("getrlimit");

    /** {@code int setrlimit(int resource, const struct rlimit *rlim)}; see getrlimit(2). */
    private static final SystemCall SETRLIMIT = new SystemCall("setrlimit");

    /** {@code int close(int fd)}; see close(2). */
    private static final SystemCall CLOSE = new SystemCall("close");

    /** {@code off_t lseek(int fd, off_t offset, int whence)}; see lseek(2). */
    private static final MethodHandle LSEEK = SystemCall.handle("lseek");

    /** {@code int fcntl(int fd, int op, ...)}; see fcntl(2). */
    private static final SystemCall FCNTL = new SystemCall("fcntl");

    /** Its memory is that of whoever fetches, who may close it meanwhile: so it is no number, and is held open. */
    private static final FunctionDescriptor PWRITE_SHAPE =
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);

    /**
     * Calls for which there is time until a message can be read. Linked when one of them is made, or {@link #linkAll} is
     * called: to link the first of a kind takes some milliseconds, and a start is quick without.
     */
    private static final class Later {
        /** {@code int poll(struct pollfd *fds, nfds_t nfds, int timeout)}; see poll(2). Does not tell its errno. */
        static final MethodHandle POLL = SystemCall.quickHandle("poll");

        /**
         * {@code int ioctl(int fd, unsigned long request, ...)}; see ioctl(2). The third argument is passed by value.
         * Does not tell its errno.
         */
        static final MethodHandle IOCTL = SystemCall.quickHandle("ioctl");

        /** {@code ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset)}; see pwrite(2). Without its errno. */
        static final MethodHandle QUICK_PWRITE = SystemCall.quickHandle("pwrite", PWRITE_SHAPE);

        private Later() {}

        static void link() {
            // Its class is initialized now.
        }
    }

    /** Linked when a write has failed for the first time. */
    private static final class Failed {
        /** The same, with its errno. */
        static final MethodHandle PWRITE = SystemCall.handle("pwrite", PWRITE_SHAPE);

        private Failed() {}
    }

    private LibC() {}

    /** Links all calls that a READ takes and that are not linked yet. */
    public static void linkAll() {
        Later.link();
    }

    /** Opens a file. */
    public static int open(String path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return openAt(AT_FDCWD, arena.allocateFrom(path), flags);
        }
    }

    /** Opens a file by a path that starts in a directory; the path is in memory that the caller keeps. */
    static int openAt(int directory, MemorySegment path, int flags) {
        return OPENAT.call(directory, path.address(), flags);
    }

    /** Closes an fd. Whatever the result, the fd is closed: never call it again. */
    public static int close(int fd) {
        return CLOSE.call(fd);
    }

    /** Reads bytes into native memory. */
    public static long read(int fd, MemorySegment target) {
        try {
            MemorySegment state = SystemCall.STATE.get();
            return SystemCall.result(state, (long)
                    READ.invokeExact(state, (long) fd, SystemCall.address(target), target.byteSize(), 0L, 0L));
        } catch (Throwable t) {
            throw SystemCall.linkage(t);
        } finally {
            Reference.reachabilityFence(target);
        }
    }

    /** Writes bytes of native memory. */
    public static long write(int fd, MemorySegment source) {
        try {
            return WRITE.transfer(fd, SystemCall.address(source), source.byteSize(), 0);
        } finally {
            Reference.reachabilityFence(source);
        }
    }

    /**
     * Writes bytes of native memory at an offset. What has failed is done once more, to learn why; should it succeed
     * then, it has succeeded.
     */
    public static long pwrite(int fd, MemorySegment source, long offset) {
        try {
            long written = (long) Later.QUICK_PWRITE.invokeExact(fd, source, source.byteSize(), offset);
            if (written >= 0) {
                return written;
            }
            MemorySegment state = SystemCall.STATE.get();
            return SystemCall.result(
                    state, (long) Failed.PWRITE.invokeExact(state, fd, source, source.byteSize(), offset));
        } catch (Throwable t) {
            throw SystemCall.linkage(t);
        }
    }

    /** Moves or asks for a file offset. */
    public static long lseek(int fd, long offset, int whence) {
        try {
            MemorySegment state = SystemCall.STATE.get();
            return SystemCall.result(state, (long) LSEEK.invokeExact(state, (long) fd, offset, (long) whence, 0L, 0L));
        } catch (Throwable t) {
            throw SystemCall.linkage(t);
        }
    }

    /** Controls a device; the argument is a number, not an address. Returns -1, whatever the errno, if it fails. */
    public static int ioctl(int fd, long request, long argument) {
        try {
            return (int) (long) Later.IOCTL.invokeExact((long) fd, request, argument, 0L, 0L);
        } catch (Throwable t) {
            throw SystemCall.linkage(t);
        }
    }

    /** Sets close-on-exec on an fd. */
    public static int setCloseOnExec(int fd) {
        return FCNTL.call(fd, F_SETFD, FD_CLOEXEC);
    }

    /** Waits for input; a negative timeout waits without limit. What has failed is done once more, to learn why. */
    public static int poll(PollFds fds, long timeoutNanos) {
        try {
            if (timeoutNanos <= 0) {
                int found = (int) (long) Later.POLL.invokeExact(
                        fds.segment().address(), (long) fds.count(), timeoutNanos < 0 ? -1L : 0L, 0L, 0L);
                if (found >= 0) {
                    return found;
                }
            }
            return ppoll(fds, timeoutNanos);
        } catch (Throwable t) {
            throw SystemCall.linkage(t);
        } finally {
            Reference.reachabilityFence(fds);
        }
    }

    private static int ppoll(PollFds fds, long timeoutNanos) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment timeout = MemorySegment.NULL;
            if (timeoutNanos >= 0) {
                timeout = arena.allocate(TIMESPEC);
                timeout.set(JAVA_LONG, offset(TIMESPEC, "tv_sec"), timeoutNanos / NANOS_PER_SECOND);
                timeout.set(JAVA_LONG, offset(TIMESPEC, "tv_nsec"), timeoutNanos % NANOS_PER_SECOND);
            }
            return PPOLL.call(fds.segment().address(), fds.count(), timeout.address());
        }
    }

    /** Makes an event counter at zero, close-on-exec, whose reads and writes do not block. */
    public static int eventfd() {
        return EVENTFD.call(0, EFD_CLOEXEC | EFD_NONBLOCK);
    }

    /** Gives the bytes of a memory page. */
    public static int pageSize() {
        return SYSCONF.call(SC_PAGESIZE);
    }

    /** Raises the soft limit of open files to the hard one, and gives it; the largest number if there is none. */
    public static long raiseFileLimit() {
        return raise(RLIMIT_NOFILE);
    }

    /** Raises the soft limit of the size of a file to the hard one, and gives it in bytes, as {@link #raiseFileLimit}. */
    public static long raiseFileSizeLimit() {
        return raise(RLIMIT_FSIZE);
    }

    private static long raise(int resource) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limit = arena.allocate(RLIMIT);
            int result = GETRLIMIT.call(resource, limit.address());
            if (result < 0) {
                return result;
            }
            long soft = limit.get(JAVA_LONG, offset(RLIMIT, "rlim_cur"));
            long hard = limit.get(JAVA_LONG, offset(RLIMIT, "rlim_max"));
            if (soft != hard) {
                limit.set(JAVA_LONG, offset(RLIMIT, "rlim_cur"), hard);
                result = SETRLIMIT.call(resource, limit.address());
            }
            return result < 0 ? result : hard < 0 ? Long.MAX_VALUE : hard; // RLIM_INFINITY has all bits set
        }
    }

    static long offset(StructLayout struct, String field) {
        return struct.byteOffset(PathElement.groupElement(field));
    }
}
