// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm.libc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class LibCTest {
    private static final int ENOENT = 2;
    private static final int EBADF = 9;
    private static final int EAGAIN = 11;
    private static final int ENXIO = 6;
    private static final int EINVAL = 22;

    @TempDir
    private Path directory;

    @Test
    void a_failed_call_gives_its_negated_errno() {
        assertEquals(-ENOENT, LibC.open(directory.resolve("absent").toString(), LibC.O_RDWR));
        assertEquals(-EBADF, LibC.close(-1));
        assertEquals(-EBADF, LibC.lseek(-1, 0, LibC.SEEK_SET));
        assertEquals(-EBADF, LibC.setCloseOnExec(-1));
    }

    @Test
    void a_failed_pwrite_is_done_again_to_give_its_negated_errno() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        int fd = LibC.open(file.toString(), LibC.O_RDWR | LibC.O_CLOEXEC);
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(-EBADF, LibC.pwrite(-1, arena.allocate(1), 0));
            assertEquals(-EINVAL, LibC.pwrite(fd, arena.allocate(1), -1));
        } finally {
            LibC.close(fd);
        }
        assertEquals(0, Files.size(file));
    }

    @Test
    void a_failed_ioctl_tells_no_more_than_that() {
        assertEquals(-1, LibC.ioctl(-1, Ioctl.READ_COMPLETE, 7));
    }

    @Test
    void errno_belongs_to_the_call_also_with_many_threads() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        int fd = LibC.open(file.toString(), LibC.O_RDWR);
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> wrong = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                boolean badFd = t % 2 == 0;
                Callable<Integer> loop = () -> {
                    int mistakes = 0;
                    for (int i = 0; i < 20_000; i++) {
                        int expected = badFd ? -EBADF : -EINVAL;
                        mistakes += LibC.lseek(badFd ? -1 : fd, -1, LibC.SEEK_SET) == expected ? 0 : 1;
                    }
                    return mistakes;
                };
                wrong.add(executor.submit(loop));
            }
            for (Future<Integer> mistakes : wrong) {
                assertEquals(0, mistakes.get());
            }
        } finally {
            LibC.close(fd);
        }
    }

    @Test
    void pwrite_and_lseek_reach_beyond_4_gib() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        int fd = LibC.open(file.toString(), LibC.O_RDWR | LibC.O_CLOEXEC);
        long offset = 5L << 30;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 1, (byte) 2, (byte) 3);
            assertEquals(3, LibC.pwrite(fd, bytes, offset));
            assertEquals(offset + 3, LibC.lseek(fd, 0, LibC.SEEK_END));
            assertEquals(offset, LibC.lseek(fd, 1 << 20, LibC.SEEK_DATA));
            assertEquals(0, LibC.lseek(fd, 0, LibC.SEEK_HOLE));
            assertEquals(-ENXIO, LibC.lseek(fd, offset + 3, LibC.SEEK_DATA));
        } finally {
            assertEquals(0, LibC.close(fd));
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer read = ByteBuffer.allocate(3);
            channel.read(read, offset);
            assertArrayEquals(new byte[] {1, 2, 3}, read.array());
        }
    }

    @Test
    void poll_sees_an_event_and_which_fd_has_it() {
        int quiet = LibC.eventfd();
        int awake = LibC.eventfd();
        try (Arena arena = Arena.ofConfined()) {
            PollFds fds = PollFds.of(quiet, awake);
            assertEquals(0, LibC.poll(fds, 0));
            assertEquals(8, LibC.write(awake, arena.allocateFrom(ValueLayout.JAVA_LONG, 1)));
            assertEquals(1, LibC.poll(fds, -1));
            assertEquals(0, fds.found(0));
            assertEquals(PollFds.POLLIN, fds.found(1));
            assertEquals(8, LibC.read(awake, arena.allocate(8)));
            assertEquals(-EAGAIN, LibC.read(awake, arena.allocate(8)));
            assertEquals(0, LibC.poll(fds, 1_000_000));
        } finally {
            LibC.close(quiet);
            LibC.close(awake);
        }
    }

    @Test
    void set_close_on_exec_shows_in_proc() throws Exception {
        int fd = LibC.open(directory.toString(), LibC.O_CLOEXEC | 0x10000 /* O_DIRECTORY */);
        int bare = LibC.open(directory.toString(), 0x10000);
        try {
            assertTrue(isCloseOnExec(fd));
            assertTrue(!isCloseOnExec(bare));
            assertEquals(0, LibC.setCloseOnExec(bare));
            assertTrue(isCloseOnExec(bare));
        } finally {
            LibC.close(fd);
            LibC.close(bare);
        }
    }

    @Test
    void a_page_is_a_power_of_two() {
        assertEquals(1, Integer.bitCount(LibC.pageSize()));
    }

    private static boolean isCloseOnExec(int fd) throws Exception {
        String flags = Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd)).stream()
                .filter(line -> line.startsWith("flags:"))
                .findFirst()
                .orElseThrow()
                .substring(6)
                .strip();
        return (Integer.parseInt(flags, 8) & LibC.O_CLOEXEC) != 0;
    }

    @Test
    void memoryOnTheHeapOrClosedAlreadyIsNotGivenToTheKernel() {
        MemorySegment heap = MemorySegment.ofArray(new byte[8]);
        MemorySegment closed;
        try (Arena arena = Arena.ofShared()) {
            closed = arena.allocate(8);
        }
        int event = LibC.eventfd();
        try {
            assertThrows(IllegalArgumentException.class, () -> LibC.read(event, heap));
            assertThrows(IllegalArgumentException.class, () -> LibC.write(event, heap));
            assertThrows(IllegalArgumentException.class, () -> LibC.pwrite(event, heap, 0));
            assertThrows(IllegalArgumentException.class, () -> FileCalls.pread(event, heap, 0));
            assertThrows(IllegalArgumentException.class, () -> FileCalls.attribute(event, "user.a", heap));
            assertThrows(IllegalStateException.class, () -> LibC.read(event, closed));
            assertThrows(IllegalStateException.class, () -> LibC.write(event, closed));
            assertThrows(IllegalStateException.class, () -> LibC.pwrite(event, closed, 0));
            assertThrows(IllegalStateException.class, () -> FileCalls.pread(event, closed, 0));
        } finally {
            LibC.close(event);
        }
    }
}
