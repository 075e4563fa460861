// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/** The limit of this process on open files; setting it needs no file itself. */
public final class FileLimit {
    private static final int RLIMIT_NOFILE = 7;

    private static final MethodHandle GETRLIMIT = call("getrlimit");
    private static final MethodHandle SETRLIMIT = call("setrlimit");

    private FileLimit() {}

    /** Lowers the soft limit so far that this process gets no further fd. */
    public static void exhaust() {
        for (int round = 0; ; round++) {
            set(lowestFree());
            // Another thread may have opened or closed a file meanwhile.
            if (round > 100) {
                throw new AssertionError("the number of open files does not come to rest");
            }
            try {
                Files.newInputStream(Path.of("/dev/null")).close();
                restore();
            } catch (IOException e) {
                return;
            }
        }
    }

    private static int lowestFree() {
        int fd = 0;
        while (Files.exists(Path.of("/proc/self/fd/" + fd), java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            fd++;
        }
        return fd;
    }

    private static void set(long soft) {
        set(RLIMIT_NOFILE, soft);
    }

    /** Raises the soft limit to the hard one. */
    public static void restore() {
        set(RLIMIT_NOFILE, Long.MAX_VALUE);
    }

    private static void set(int resource, long soft) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limit = arena.allocate(ValueLayout.JAVA_LONG, 2);
            check((int) GETRLIMIT.invokeExact(resource, limit));
            long hard = limit.getAtIndex(ValueLayout.JAVA_LONG, 1);
            limit.setAtIndex(ValueLayout.JAVA_LONG, 0, Math.min(soft, hard));
            check((int) SETRLIMIT.invokeExact(resource, limit));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static void check(int result) {
        if (result != 0) {
            throw new AssertionError("the limit cannot be set");
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle call(String name) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().find(name).orElseThrow(),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    }
}
