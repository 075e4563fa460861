// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * System calls that only tests need, each on behalf of the calling thread alone. Methods give the call's result or a
 * negated errno. Numbers are those of x86-64.
 */
public final class SystemCall {

    /** An event of poll(2) and epoll(7): there is something to read. */
    public static final int POLLIN = 1;

    /** An event of poll(2) and epoll(7): there is room to write. */
    public static final int POLLOUT = 4;

    private static final int POLL = 7;
    private static final int CHDIR = 80;
    private static final int SETRESUID = 117;
    private static final int SETRLIMIT = 160;
    private static final int EPOLL_WAIT = 232;
    private static final int EPOLL_CTL = 233;
    private static final int UNSHARE = 272;
    private static final int EPOLL_CREATE1 = 291;

    private static final int CLONE_FS = 0x200;
    private static final int RLIMIT_FSIZE = 1;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLLET = 1 << 31;
    private static final int MOST_ARGUMENTS = 4;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(StructLayout.PathElement.groupElement("errno"));
    private static final MethodHandle SYSCALL = syscall();

    private SystemCall() {}

    /** Gives the calling thread a working directory of its own; to begin with, the one that it has. */
    public static long unshareWorkingDirectory() {
        return call(UNSHARE, CLONE_FS);
    }

    /** Changes the working directory, of all threads but those that have one of their own. */
    public static long changeDirectory(Path directory) {
        try (Arena arena = Arena.ofConfined()) {
            return call(CHDIR, arena.allocateFrom(directory.toString()).address());
        }
    }

    /** Makes the calling thread another user's for ever, without capabilities. */
    public static long becomeUser(int uid) {
        return call(SETRESUID, uid, uid, uid);
    }

    /** Limits the size of files that this process writes; {@link Long#MAX_VALUE} is as good as no limit. */
    public static long limitFileSize(long bytes) {
        return limitFileSize(bytes, -1);
    }

    /** Limits how large a file this process may write, and up to where it may raise that; -1 is no limit. */
    public static long limitFileSize(long bytes, long hard) {
        try (Arena arena = Arena.ofConfined()) {
            return call(
                    SETRLIMIT,
                    RLIMIT_FSIZE,
                    arena.allocateFrom(ValueLayout.JAVA_LONG, bytes, hard).address());
        }
    }

    /** The events that there are on an fd, without waiting for any. */
    public static long poll(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_INT, fd, POLLIN | POLLOUT);
            long result = call(POLL, one.address(), 1, 0);
            return result < 0 ? result : one.get(ValueLayout.JAVA_SHORT, 6);
        }
    }

    /** Makes an epoll that tells each time that something more can be read from an fd; gives its own fd. */
    public static long edgeTriggered(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            long epoll = call(EPOLL_CREATE1, 0);
            // struct epoll_event is packed: 32 bits of events, 64 of data.
            MemorySegment event = arena.allocateFrom(ValueLayout.JAVA_INT, POLLIN | EPOLLET, fd, 0);
            long result = epoll < 0 ? epoll : call(EPOLL_CTL, epoll, EPOLL_CTL_ADD, fd, event.address());
            return result < 0 ? result : epoll;
        }
    }

    /** Waits for an event of an epoll; the number of events. */
    public static long awaitEvent(long epoll, int milliseconds) {
        try (Arena arena = Arena.ofConfined()) {
            return call(
                    EPOLL_WAIT, epoll, arena.allocate(ValueLayout.JAVA_INT, 3).address(), 1, milliseconds);
        }
    }

    private static long call(long number, long... arguments) {
        long[] all = Arrays.copyOf(arguments, MOST_ARGUMENTS);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            long result = (long) SYSCALL.invokeExact(state, number, all[0], all[1], all[2], all[3]);
            return result < 0 ? -(int) ERRNO.get(state, 0L) : result;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle syscall() {
        Linker linker = Linker.nativeLinker();
        var number = ValueLayout.JAVA_LONG;
        return linker.downcallHandle(
                linker.defaultLookup().find("syscall").orElseThrow(),
                FunctionDescriptor.of(number, number, number, number, number, number),
                Linker.Option.firstVariadicArg(1),
                Linker.Option.captureCallState("errno"));
    }
}
