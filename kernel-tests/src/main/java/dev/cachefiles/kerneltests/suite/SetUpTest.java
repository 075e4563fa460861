// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CacheOptions.Limits;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.kerneltests.contract.SdkDaemon;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opening and binding: each failure says which thing and the way out, and leaves the device free. */
class SetUpTest {

    @Test
    @Row(2)
    void a_second_open_is_busy() throws Exception {
        try (var first = open(CacheDirectory.create())) {
            assertFails(Errno.EBUSY, "/dev/cachefiles", "another process holds the device", CacheDirectory.create());
            assertTrue(first.isOpen());
        }
        open(CacheDirectory.create()).close();
    }

    @Test
    @Row(6)
    void a_directory_that_does_not_exist_is_named() throws Exception {
        assertFails(Errno.ENOENT, "bind ondemand", "mkdir -p /cache/absent", Path.of("/cache/absent"));
    }

    @Test
    @Row(6)
    void a_file_is_no_directory() throws Exception {
        assertFails(
                Errno.ENOTDIR,
                "bind ondemand",
                "is not a directory",
                Files.createTempFile(Path.of("/cache"), "a", "f"));
    }

    @Test
    @Row(6)
    void a_link_to_a_directory_is_no_directory_to_the_kernel() throws Exception {
        Path directory = CacheDirectory.create();
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory);
        assertFails(Errno.ENOTDIR, "bind ondemand", "a symbolic link to one", link);
    }

    @Test
    @Row(6)
    void a_file_system_that_will_not_do_is_named(@TempDir Path ignored) throws Exception {
        assertFails(Errno.EOPNOTSUPP, "bind ondemand", "use a directory on ext4 or xfs", Path.of("/proc"));
        assertFails(Errno.EOPNOTSUPP, "bind ondemand", "use a directory on ext4 or xfs", Path.of("/dev/shm"));
    }

    @Test
    void the_kernel_takes_every_option() throws Exception {
        var options = CacheOptions.builder(CacheDirectory.create())
                .tag("my cache")
                .blockLimits(new Limits(3, 2, 1))
                .fileLimits(new Limits(60, 40, 2))
                .build();
        try (var channel = CachefilesChannel.open(options)) {
            assertTrue(channel.isOpen());
        }
        try (var channel = CachefilesChannel.open(CacheOptions.builder(CacheDirectory.create())
                .blockLimits(new Limits(99, 50, 0))
                .fileLimits(new Limits(2, 1, 0))
                .build())) {
            assertTrue(channel.isOpen());
        }
    }

    @Test
    void a_security_context_without_a_security_module_is_named() throws Exception {
        var options = CacheOptions.builder(CacheDirectory.create())
                .securityContext("system_u:system_r:cachefiles_kernel_t:s0")
                .build();
        var exception = assertThrows(CachefilesException.class, () -> CachefilesChannel.open(options));
        assertTrue(exception.cure().orElse("").contains("leave the option out"), exception.getMessage());
        open(CacheDirectory.create()).close();
    }

    @Test
    void a_poll_waits_no_longer_than_it_was_told() throws Exception {
        try (var channel = open(CacheDirectory.create())) {
            assertEquals(null, channel.poll(Duration.ofMillis(20)));
            assertEquals(null, channel.poll(Duration.ZERO));
            channel.wakeup();
            assertEquals(null, channel.take());
        }
    }

    @Test
    void closing_wakes_all_who_wait() throws Exception {
        var channel = open(CacheDirectory.create());
        Thread[] waiters = new Thread[3];
        for (int i = 0; i < waiters.length; i++) {
            waiters[i] =
                    Thread.ofPlatform().daemon().start(() -> assertThrows(ClosedChannelException.class, channel::take));
        }
        for (Thread waiter : waiters) {
            SdkDaemon.await(() -> isInCall(waiter, "await"), "a thread that waits for the kernel");
        }
        Thread closer = Thread.ofPlatform().daemon().start(channel::close);
        for (Thread thread : List.of(closer, waiters[0], waiters[1], waiters[2])) {
            thread.join(10_000);
            assertEquals(Thread.State.TERMINATED, thread.getState());
        }
        assertThrows(ClosedChannelException.class, () -> channel.poll(Duration.ZERO));
        channel.close();
    }

    private static boolean isInCall(Thread thread, String method) {
        return Arrays.stream(thread.getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals(method));
    }

    private static CachefilesChannel open(Path directory) throws Exception {
        return CachefilesChannel.open(CacheOptions.builder(directory).build());
    }

    private static void assertFails(Errno errno, String subject, String cure, Path directory) throws Exception {
        var exception = assertThrows(CachefilesException.class, () -> open(directory));
        assertEquals(errno, exception.errno());
        assertEquals(subject, exception.subject());
        assertTrue(exception.getMessage().contains(cure), exception.getMessage());
        // Nothing is left behind: but for the device that someone holds, the next open works.
        if (!errno.equals(Errno.EBUSY)) {
            open(CacheDirectory.create()).close();
        }
    }
}
