// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.DeviceFile;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The daemon's process: its limits, its children and its death. */
class ProcessTest {
    private static final int EBADF = -Errno.EBADF.number();
    private static final byte[] ONES = new byte[4096];

    static {
        Arrays.fill(ONES, (byte) 1);
    }

    private FakeKernel kernel = FakeKernel.builder().attachDelay(0).build();

    // Limits

    @Test
    void an_open_without_an_fd_fails_and_the_next_one_does_not() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        kernel.process().limitFds(3);
        assertOpenFails(daemon, Errno.EMFILE);
        kernel.process().limitFds(4);
        var mount = kernel.mountAsync("a.img");
        assertEquals(2, daemon.accept(4096).message().objectId(), "an id is used up by the failure");
        mount.get();
    }

    @Test
    void an_open_without_a_file_in_the_system_fails_with_another_error() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        kernel.process().limitFilesOfSystem(0);
        assertOpenFails(daemon, Errno.ENFILE);
        kernel.process().limitFilesOfSystem(1);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(4096).file();
        mount.get();
        assertOpenFails(daemon, Errno.ENFILE);
        file.close();
        mount = kernel.mountAsync("b.img");
        daemon.accept(4096);
        mount.get();
    }

    private void assertOpenFails(RawDaemon daemon, Errno errno) throws Exception {
        var mount = kernel.mountAsync("b.img");
        assertEquals(DeviceFile.READABLE, daemon.device.await(-1));
        assertEquals(-errno.number(), daemon.readOnce());
        assertFails(Errno.ENOBUFS, mount);
        assertEquals(0, daemon.device.await(0));
    }

    @Test
    void an_open_that_comes_again_is_tried_until_there_is_an_fd() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.accept(4096).file().close();
        var reader = mount.get().readAsync(0, 4096);
        kernel.process().limitFds(3);
        daemon.device.await(-1);
        for (int i = 0; i < 3; i++) {
            assertEquals(DeviceFile.READABLE, daemon.device.await(0));
            assertEquals(0, daemon.readOnce());
            assertEquals(-Errno.EMFILE.number(), daemon.readOnce());
        }
        kernel.process().limitFds(4);
        answer(daemon, daemon.accept(4096).file());
        assertArrayEquals(ONES, reader.get());
    }

    @Test
    void a_write_across_the_file_size_limit_is_cut_and_one_beyond_it_fails() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(65536).file();
        mount.get();
        kernel.process().limitFileSize(8192);
        assertEquals(8192, file.pwrite(RawDaemon.memory(65536, 1), 0));
        assertEquals(8192, file.seekHole(0));
        assertEquals("EFBIG", RawDaemon.symbol(file.pwrite(RawDaemon.memory(65536 - 8192, 1), 8192)));
        assertEquals(8192, file.pwrite(RawDaemon.memory(8192, 1), 0));
        assertThrows(IllegalArgumentException.class, () -> kernel.process().limitFileSize(-1));
    }

    // Children

    @Test
    void a_child_that_inherits_the_fds_keeps_the_cache_alive_and_the_device_busy() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(8192).file();
        var reader = mount.get().readAsync(0, 4096);
        daemon.next(Message.Read.class);
        InheritedFds child = kernel.process().inheritFds();
        file.close();
        daemon.device.close();
        assertEquals(0, kernel.openFds());
        assertTrue(kernel.isDeviceBusy());
        var thrown = assertThrows(CachefilesException.class, () -> new RawDaemon(kernel));
        assertEquals(Errno.EBUSY, thrown.errno());
        assertFalse(reader.isDone(), "for the kernel, the daemon is there");

        child.close();
        assertReaderFails(reader);
        assertFalse(kernel.isDeviceBusy());
        child.close();
        RawDaemon.bound(kernel);
        KernelAssert.assertThat(kernel).hasNoMisuse();
    }

    @Test
    void an_fd_that_a_child_has_inherited_keeps_a_dead_cache_busy() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(4096).file();
        FakeMount mounted = mount.get();
        file.pwrite(RawDaemon.memory(4096, 1), 0);
        InheritedFds supervisor = kernel.process().inheritDevice();
        InheritedFds child = kernel.process().inheritFds();
        kernel.process().kill();
        supervisor.close();
        assertThrows(IllegalStateException.class, supervisor::device);
        assertTrue(kernel.isDeviceBusy());
        assertArrayEquals(ONES, mounted.read(0, 4096), "a READ could still be answered");
        child.close();
        assertFalse(kernel.isDeviceBusy());
    }

    // Death

    @Test
    void who_waits_for_a_killed_daemon_is_told() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.accept(8192);
        var reader = mount.get().readAsync(0, 4096);
        daemon.next(Message.Read.class);
        var answered = kernel.mountAsync("b.img");
        daemon.next(Message.Open.class);
        kernel.process().kill();
        assertReaderFails(reader);
        assertFails(Errno.ENOBUFS, answered);
        assertEquals(0, kernel.openFds());
        assertFalse(kernel.isDeviceBusy());
        KernelAssert.assertThat(kernel).isClean();
    }

    @Test
    void what_is_left_of_a_killed_daemon_does_no_harm() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(8192).file();
        FakeMount mounted = mount.get();
        var delivered = kernel.mountAsync("b.img");
        int fd = daemon.next(Message.Open.class).fd();
        kernel.process().kill();
        assertFails(Errno.ENOBUFS, delivered);

        RawDaemon next = RawDaemon.bound(kernel);
        mounted.unmount();
        var again = kernel.mountAsync("a.img");
        AnonFile nextFile = next.accept(8192).file();
        again.get();
        assertEquals(EBADF, file.pwrite(RawDaemon.memory(4096, 1), 0), "though the number is in use again");
        assertEquals(EBADF, file.size());
        assertEquals(EBADF, file.completeRead(0));
        assertEquals(EBADF, daemon.readOnce());
        assertEquals("EBADF", daemon.command("debug 0"));
        assertEquals(EBADF, daemon.device.await(-1));
        AnonFile late = daemon.device.adopt(fd);
        assertEquals(EBADF, late.size());
        late.close();
        file.close();
        file.close();
        daemon.device.wake();
        daemon.device.close();
        assertEquals(8192, nextFile.size());
        KernelAssert.assertThat(kernel).hasNoMisuse();
    }

    @Test
    void a_killed_daemons_wait_for_the_device_ends() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var waiting = Async.start("poller", () -> daemon.device.await(-1));
        while (kernel.counters().deviceWaits() == 0) {
            Thread.onSpinWait();
        }
        kernel.process().kill();
        assertEquals(EBADF, waiting.get(10, TimeUnit.SECONDS));
        daemon.device.close();
        KernelAssert.assertThat(kernel).isClean();
    }

    @Test
    void the_next_daemon_finds_what_a_killed_one_has_cached() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.accept(8192).file().pwrite(RawDaemon.memory(4096, 1), 0);
        FakeMount mounted = mount.get();
        kernel.process().kill();
        assertTrue(kernel.disk().holds(VolumeKey.of("erofs,a.img"), CookieKey.of("a.img")));
        var thrown = assertThrows(CachefilesException.class, () -> mounted.read(0, 4096));
        assertEquals(Errno.ENOBUFS, thrown.errno(), "an old mount never attaches again");
        mounted.unmount();

        RawDaemon next = RawDaemon.bound(kernel);
        mount = kernel.mountAsync("a.img");
        next.accept(8192);
        assertArrayEquals(ONES, mount.get().read(0, 4096));
        assertEquals(0, kernel.counters().reads());
    }

    @Test
    void a_supervisor_hands_the_device_on_and_readers_notice_nothing() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.accept(8192);
        var reader = mount.get().readAsync(0, 4096);
        Message.Read read = daemon.next(Message.Read.class);
        mount = kernel.mountAsync("b.img");
        Message.Open open = daemon.next(Message.Open.class);
        try (InheritedFds supervisor = kernel.process().inheritDevice()) {
            kernel.process().kill();
            assertFalse(reader.isDone());
            assertFalse(mount.isDone());

            var next = new RawDaemon(supervisor.device());
            assertEquals("EBUSY", next.command("bind ondemand"), "it is bound already");
            assertEquals(0, next.device.await(0), "what was delivered stays so");
            next.commandTaken("restore");
            RawDaemon.Opened opened = next.accept(8192);
            assertEquals(open.messageId(), opened.message().messageId());
            assertNotEquals(open.objectId(), opened.message().objectId());
            mount.get();
            AnonFile file = next.accept(8192).file();
            assertEquals(read.messageId(), answer(next, file).messageId());
            assertArrayEquals(ONES, reader.get());
            next.device.close();
        }
    }

    @Test
    void object_ids_go_round_past_those_in_use() throws Exception {
        kernel = FakeKernel.builder().firstObjectId(Integer.MAX_VALUE).build();
        RawDaemon daemon = RawDaemon.bound(kernel);
        int[] expected = {Integer.MAX_VALUE, 1, 2};
        for (int id : expected) {
            var mount = kernel.mountAsync(id + ".img");
            assertEquals(id, daemon.accept(4096).message().objectId());
            mount.get();
        }
    }

    private static Message.Read answer(RawDaemon daemon, AnonFile file) throws Exception {
        Message.Read read = daemon.next(Message.Read.class);
        file.pwrite(RawDaemon.memory(read.length(), 1), read.offset());
        assertEquals(0, file.completeRead(read.messageId()));
        return read;
    }

    /** Which error it is depends on how far the end has come when the kernel tries once more. */
    private static void assertReaderFails(CompletableFuture<byte[]> reader) {
        var thrown = assertThrows(ExecutionException.class, () -> reader.get(10, TimeUnit.SECONDS));
        Errno errno = ((CachefilesException) thrown.getCause()).errno();
        assertTrue(Set.of(Errno.EIO, Errno.ENOBUFS).contains(errno), errno.toString());
    }

    private static void assertFails(Errno errno, CompletableFuture<?> call) {
        var thrown = assertThrows(ExecutionException.class, () -> call.get(10, TimeUnit.SECONDS));
        assertEquals(errno, ((CachefilesException) thrown.getCause()).errno());
    }
}
