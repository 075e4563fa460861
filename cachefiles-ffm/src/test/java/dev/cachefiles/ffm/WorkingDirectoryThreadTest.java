// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.Errno;
import dev.cachefiles.ffm.libc.FileCalls;
import dev.cachefiles.ffm.libc.LibC;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class WorkingDirectoryThreadTest {
    @TempDir
    private Path directory;

    private final WorkingDirectoryThread thread = new WorkingDirectoryThread();

    @AfterEach
    void close() {
        thread.close();
    }

    private static Path workingDirectory(String of) {
        try {
            return Files.readSymbolicLink(Path.of("/proc", of, "cwd"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void a_call_is_made_in_a_directory_that_no_other_thread_is_in() throws Exception {
        Path process = workingDirectory("self");
        int fd = FileCalls.openDirectory(directory.toString());
        var during = new AtomicReference<Path>();
        var others = new AtomicReference<Path>();
        assertEquals(7, thread.call(fd, () -> {
            during.set(workingDirectory("thread-self"));
            others.set(workingDirectory("self"));
            return 7;
        }));
        LibC.close(fd);
        assertEquals(directory.toRealPath(), during.get());
        assertEquals(process, others.get());
        assertEquals(process, workingDirectory("self"));
        assertEquals(process, workingDirectory("thread-self"), "of this very thread");
    }

    @Test
    void between_calls_it_keeps_no_directory() throws Exception {
        int fd = FileCalls.openDirectory(directory.toString());
        var id = new AtomicReference<Path>();
        thread.call(fd, () -> {
            try {
                id.set(Files.readSymbolicLink(Path.of("/proc/thread-self")));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return 0;
        });
        assertThrows(
                IllegalStateException.class,
                () -> thread.call(fd, () -> {
                    throw new IllegalStateException("a bug");
                }));
        LibC.close(fd);
        assertEquals(
                Path.of("/"),
                Files.readSymbolicLink(Path.of("/proc").resolve(id.get()).resolve("cwd")));
        assertNotEquals(Path.of("/"), workingDirectory("self"));
    }

    @Test
    void without_the_directory_the_call_is_not_made() {
        assertEquals(-Errno.EBADF.number(), thread.call(-1, () -> {
            throw new AssertionError("made in some other directory");
        }));
    }

    @Test
    void an_interrupt_neither_ends_the_call_nor_is_lost() {
        int fd = FileCalls.openDirectory(directory.toString());
        Thread.currentThread().interrupt();
        assertEquals(5, thread.call(fd, () -> 5));
        assertTrue(Thread.interrupted());
        assertFalse(Thread.interrupted());
        LibC.close(fd);
    }
}
