// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm.libc;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

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

    private static final int F_SETFD = 2;
    private static final int FD_CLOEXEC = 1;
    private static final int EFD_CLOEXEC = O_CLOEXEC;
    private static final int EFD_NONBLOCK = 0x800;
    private static final int SC_PAGESIZE = 30;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option CAPTURE_ERRNO = Linker.Option.captureCallState("errno");
    private static final StructLayout CAPTURE_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CAPTURE_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    /** Where a thread's calls put their errno; a thread makes one call at a time. */
    static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE_STATE));

    /** {@code struct timespec}; see clock_gettime(2). */
    static final StructLayout TIMESPEC =
            MemoryLayout.structLayout(JAVA_LONG.withName("tv_sec"), JAVA_LONG.withName("tv_nsec"));

    private static final VarHandle TV_SEC = TIMESPEC.varHandle(MemoryLayout.PathElement.groupElement("tv_sec"));
    private static final VarHandle TV_NSEC = TIMESPEC.varHandle(MemoryLayout.PathElement.groupElement("tv_nsec"));

    /** {@code struct rlimit}; see getrlimit(2). */
    static final StructLayout RLIMIT =
            MemoryLayout.structLayout(JAVA_LONG.withName("rlim_cur"), JAVA_LONG.withName("rlim_max"));

    private static final VarHandle RLIM_CUR = RLIMIT.varHandle(MemoryLayout.PathElement.groupElement("rlim_cur"));
    private static final VarHandle RLIM_MAX = RLIMIT.varHandle(MemoryLayout.PathElement.groupElement("rlim_max"));
    private static final int RLIMIT_FSIZE = 1;
    private static final int RLIMIT_NOFILE = 7;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /** {@code int open(const char *path, int flags, ...)}; see open(2). */
    private static final MethodHandle OPEN = downcall(
            "open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT), Linker.Option.firstVariadicArg(2));

    /** {@code ssize_t read(int fd, void *buf, size_t count)}; see read(2). */
    private static final MethodHandle READ =
            downcall("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

    /** {@code ssize_t write(int fd, const void *buf, size_t count)}; see write(2). */
    private static final MethodHandle WRITE =
            downcall("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));

    /** {@code int poll(struct pollfd *fds, nfds_t nfds, int timeout)}; see poll(2). Does not tell its errno. */
    private static final MethodHandle POLL =
            quickDowncall("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    /** {@code int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *t, const sigset_t *s)}; see ppoll(2). */
    private static final MethodHandle PPOLL =
            downcall("ppoll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));

    /** {@code int eventfd(unsigned int initval, int flags)}; see eventfd(2). */
    private static final MethodHandle EVENTFD =
            downcall("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

    /** {@code long sysconf(int name)}; see sysconf(3). */
    private static final MethodHandle SYSCONF = downcall("sysconf", FunctionDescriptor.of(JAVA_LONG, JAVA_INT));

    /** {@code int getrlimit(int resource, struct rlimit *rlim)}; see getrlimit(2). */
    private static final MethodHandle GETRLIMIT =
            downcall("getrlimit", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));

    /** {@code int setrlimit(int resource, const struct rlimit *rlim)}; see getrlimit(2). */
    private static final MethodHandle SETRLIMIT =
            downcall("setrlimit", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));

    /**
     * Calls for which there is time until an object is opened. Linked when one of them is made, or {@link #linkAll} is
     * called: to link a call takes some milliseconds, and a start is quick without.
     */
    private static final class Later {
        /** {@code int close(int fd)}; see close(2). */
        static final MethodHandle CLOSE = downcall("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

        /** {@code ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset)}; see pwrite(2). */
        static final MethodHandle PWRITE =
                downcall("pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));

        /** The same, without its errno. */
        static final MethodHandle QUICK_PWRITE =
                quickDowncall("pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));

        /** {@code off_t lseek(int fd, off_t offset, int whence)}; see lseek(2). */
        static final MethodHandle LSEEK =
                downcall("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));

        /**
         * {@code int ioctl(int fd, unsigned long request, ...)}; see ioctl(2). The third argument is passed by value.
         * Does not tell its errno.
         */
        static final MethodHandle IOCTL = quickDowncall(
                "ioctl",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
                Linker.Option.firstVariadicArg(2));

        /** {@code int fcntl(int fd, int op, ...)}; see fcntl(2). */
        static final MethodHandle FCNTL = downcall(
                "fcntl",
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
                Linker.Option.firstVariadicArg(2));

        private Later() {}

        static void link() {
            // Its class is initialized now.
        }
    }

    private LibC() {}

    /** Links all calls that are not linked yet. */
    public static void linkAll() {
        Later.link();
    }

    /** Opens a file. */
    public static int open(String path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = STATE.get();
            return result(state, (int) OPEN.invokeExact(state, arena.allocateFrom(path), flags, 0));
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /** Closes an fd. Whatever the result, the fd is closed: never call it again. */
    public static int close(int fd) {
        try {
            MemorySegment state = STATE.get();
            return result(state, (int) Later.CLOSE.invokeExact(state, fd));
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /** Reads bytes into native memory. */
    public static long read(int fd, MemorySegment target) {
        try {
            MemorySegment state = STATE.get();
            return result(state, (long) READ.invokeExact(state, fd, target, target.byteSize()));
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /** Writes bytes of native memory. */
    public static long write(int fd, MemorySegment source) {
        try {
            MemorySegment state = STATE.get();
            return result(state, (long) WRITE.invokeExact(state, fd, source, source.byteSize()));
        } catch (Throwable t) {
            throw linkage(t);
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
            MemorySegment state = STATE.get();
            return result(state, (long) Later.PWRITE.invokeExact(state, fd, source, source.byteSize(), offset));
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /** Moves or asks for a file offset. */
    public static long lseek(int fd, long offset, int whence) {
        try {
            MemorySegment state = STATE.get();
            return result(state, (long) Later.LSEEK.invokeExact(state, fd, offset, whence));
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /** Controls a device; the argument is a number, not an address. Returns -1, whatever the errno, if it fails. */
    public static int ioctl(int fd, long request, long argument) {
        try {
            return (int) Later.IOCTL.invokeExact(fd, request, argument);
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /** Sets close-on-exec on an fd. */
    public static int setCloseOnExec(int fd) {
        try {
            MemorySegment state = STATE.get();
            return result(state, (int) Later.FCNTL.invokeExact(state, fd, F_SETFD, FD_CLOEXEC));
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /** Waits for input; a negative timeout waits without limit. What has failed is done once more, to learn why. */
    public static int poll(PollFds fds, long timeoutNanos) {
        try {
            if (timeoutNanos < 0) {
                int found = (int) POLL.invokeExact(fds.segment(), (long) fds.count(), -1);
                if (found >= 0) {
                    return found;
                }
            }
            MemorySegment state = STATE.get();
            if (timeoutNanos < 0) {
                return result(state, (int) PPOLL.invokeExact(
                        state, fds.segment(), (long) fds.count(), MemorySegment.NULL, MemorySegment.NULL));
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment timeout = arena.allocate(TIMESPEC);
                TV_SEC.set(timeout, 0L, timeoutNanos / NANOS_PER_SECOND);
                TV_NSEC.set(timeout, 0L, timeoutNanos % NANOS_PER_SECOND);
                return result(state, (int)
                        PPOLL.invokeExact(state, fds.segment(), (long) fds.count(), timeout, MemorySegment.NULL));
            }
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /** Makes an event counter at zero, close-on-exec, whose reads and writes do not block. */
    public static int eventfd() {
        try {
            MemorySegment state = STATE.get();
            return result(state, (int) EVENTFD.invokeExact(state, 0, EFD_CLOEXEC | EFD_NONBLOCK));
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    /** Gives the bytes of a memory page. */
    public static int pageSize() {
        try {
            MemorySegment state = STATE.get();
            return Math.toIntExact(result(state, (long) SYSCONF.invokeExact(state, SC_PAGESIZE)));
        } catch (Throwable t) {
            throw linkage(t);
        }
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
            MemorySegment state = STATE.get();
            MemorySegment limit = arena.allocate(RLIMIT);
            int result = result(state, (int) GETRLIMIT.invokeExact(state, resource, limit));
            if (result < 0) {
                return result;
            }
            long hard = (long) RLIM_MAX.get(limit, 0L);
            if ((long) RLIM_CUR.get(limit, 0L) != hard) {
                RLIM_CUR.set(limit, 0L, hard);
                result = result(state, (int) SETRLIMIT.invokeExact(state, resource, limit));
            }
            return result < 0 ? result : hard < 0 ? Long.MAX_VALUE : hard; // RLIM_INFINITY has all bits set
        } catch (Throwable t) {
            throw linkage(t);
        }
    }

    static int result(MemorySegment state, int result) {
        return result >= 0 ? result : -errno(state);
    }

    static long result(MemorySegment state, long result) {
        return result >= 0 ? result : -errno(state);
    }

    private static int errno(MemorySegment state) {
        int errno = (int) ERRNO.get(state, 0L);
        assert errno > 0 : "a failed call without an errno would read as a success";
        return errno;
    }

    /** What a downcall throws is a mistake in this class, never an error of the kernel. */
    static Error linkage(Throwable t) {
        return t instanceof Error error ? error : new LinkageError("downcall", t);
    }

    static MethodHandle downcall(String name, FunctionDescriptor function, Linker.Option... options) {
        var all = new Linker.Option[options.length + 1];
        all[0] = CAPTURE_ERRNO;
        System.arraycopy(options, 0, all, 1, options.length);
        return quickDowncall(name, function, all);
    }

    /**
     * Links a function whose errno is lost, on purpose: in code of the quick compiler a call that keeps it takes three
     * times as long. For calls that fail rarely and can be made once more, or whose errno is known.
     */
    @SuppressWarnings("restricted") // the one place where native code is linked
    private static MethodHandle quickDowncall(String name, FunctionDescriptor function, Linker.Option... options) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup()
                        .find(name)
                        .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no function " + name)),
                function,
                options);
    }
}
