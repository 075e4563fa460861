// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * {@code plain-daemon.c} once more, with {@link java.lang.foreign} and nothing of the library: what Java itself costs.
 * Arguments: CACHE_DIR BLOB_DIR. Good enough to measure, not to serve: it trusts everything.
 */
@SuppressWarnings("restricted")
final class StraightLoop {
    private static final Arena ARENA = Arena.global();
    private static final MethodHandle OPEN = call("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle READ =
            call("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle WRITE =
            call("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle PREAD =
            call("pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle PWRITE =
            call("pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle LSEEK =
            call("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle POLL =
            call("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle CLOSE = call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle IOCTL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().find("ioctl").orElseThrow(),
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
                    Linker.Option.firstVariadicArg(2));

    private static final int O_RDWR = 2;
    private static final int SEEK_END = 2;
    private static final int PAGE = 4096;
    private static final long READ_COMPLETE = 0x40049801L;

    private final Map<Integer, Blob> objects = new HashMap<>();
    private final MemorySegment buffer = ARENA.allocate(4 << 20, PAGE);
    private final String blobs;
    private final int device;

    private record Blob(int anonFd, int fd) {}

    private StraightLoop(String cache, String blobs) throws Throwable {
        this.blobs = blobs;
        this.device = (int) OPEN.invokeExact(ARENA.allocateFrom("/dev/cachefiles"), O_RDWR);
        command("dir " + cache);
        command("bind ondemand");
    }

    public static void main(String[] args) throws Throwable {
        var loop = new StraightLoop(args[0], args[1]);
        System.out.println("ready");
        loop.serve();
    }

    private void serve() throws Throwable {
        MemorySegment message = ARENA.allocate(1024, Long.BYTES);
        MemorySegment poll = ARENA.allocate(MemoryLayout.structLayout(JAVA_INT, JAVA_SHORT, JAVA_SHORT));
        poll.set(JAVA_INT, 0, device);
        poll.set(JAVA_SHORT, 4, (short) 1);
        long reads = 0;
        long bytes = 0;
        while (true) {
            if ((int) POLL.invokeExact(poll, 1L, 200) == 0) {
                System.err.println("stats: reads=" + reads + " bytes=" + bytes);
            }
            while ((long) READ.invokeExact(device, message, 1024L) > 0) {
                int id = message.get(JAVA_INT, 12);
                switch (message.get(JAVA_INT, 4)) {
                    case 0 -> open(message, id);
                    case 1 -> close(Objects.requireNonNull(objects.remove(id)));
                    default -> {
                        read(Objects.requireNonNull(objects.get(id)), message);
                        reads++;
                        bytes += message.get(JAVA_LONG, 24);
                    }
                }
            }
        }
    }

    private void open(MemorySegment message, int id) throws Throwable {
        byte[] name = message.asSlice(32L + message.get(JAVA_INT, 16), message.get(JAVA_INT, 20))
                .toArray(JAVA_BYTE);
        String path = blobs + "/" + new String(name, StandardCharsets.UTF_8);
        int fd = (int) OPEN.invokeExact(ARENA.allocateFrom(path), 0);
        objects.put(id, new Blob(message.get(JAVA_INT, 24), fd));
        command("copen " + Integer.toUnsignedString(message.get(JAVA_INT, 0)) + ","
                + (long) LSEEK.invokeExact(fd, 0L, SEEK_END));
    }

    private void read(Blob blob, MemorySegment message) throws Throwable {
        long offset = message.get(JAVA_LONG, 16);
        long length = message.get(JAVA_LONG, 24);
        long got = (long) PREAD.invokeExact(blob.fd(), buffer, length, offset);
        buffer.asSlice(got, length - got).fill((byte) 0);
        if ((long) PWRITE.invokeExact(blob.anonFd(), buffer, length, offset) != length
                || (int) IOCTL.invokeExact(blob.anonFd(), READ_COMPLETE, (long) message.get(JAVA_INT, 0)) != 0) {
            throw new IllegalStateException("READ of " + length + " bytes at " + offset + " failed");
        }
    }

    private static void close(Blob blob) throws Throwable {
        int _ = (int) CLOSE.invokeExact(blob.anonFd());
        int _ = (int) CLOSE.invokeExact(blob.fd());
    }

    private void command(String text) throws Throwable {
        if ((long) WRITE.invokeExact(device, ARENA.allocateFrom(text), (long) text.length()) != text.length()) {
            throw new IllegalStateException(text + " failed");
        }
    }

    private static MethodHandle call(String name, FunctionDescriptor function) {
        var linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), function);
    }
}
