// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.kerneltests.contract.RawDaemon.Opened;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.OpenFiles;
import dev.cachefiles.probe.CachefilesProbe;
import dev.cachefiles.probe.Finding;
import dev.cachefiles.probe.ProbeReport;
import dev.cachefiles.protocol.Message;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What is left when a daemon ends, and how the next one goes on. */
@Contract
class DaemonEndTest {
    private static final int SIZE = 400_000;

    /** What readers and mounts get once there is no cache; which of the two depends on the moment. */
    private static void assertNoCache(Errno errno) {
        assertTrue(List.of(Errno.ENOBUFS, Errno.EIO).contains(errno), errno.toString());
    }

    @Test
    @Row({42, 43})
    @RealKernelOnly("the fake has no processes to kill")
    void a_daemon_killed_with_requests_leaves_no_one_waiting_and_the_device_free(KernelUnderTest kernel)
            throws Exception {
        Image image = kernel.image(SIZE);
        DaemonProcess daemon = DaemonProcess.start(kernel, image, DaemonProcess.Fault.ANSWERS_NOT);
        Mount mount = kernel.mount("a").mounted();
        Reading reading = mount.read(8192, 4096);
        daemon.awaitStuck("READ");
        Mounting unanswered = kernel.mount(DaemonProcess.UNANSWERED);
        daemon.awaitStuck("OPEN");
        Reading other = mount.read(200_000, 4096);
        Mounting unread = kernel.mount("b");
        SdkDaemon.await(() -> contains(Path.of("/proc/fs/fscache/volumes"), "erofs,b"), "the mount");
        daemon.kill();
        assertNoCache(reading.error());
        assertNoCache(other.error());
        assertNoCache(unanswered.error());
        assertNoCache(unread.error());
        assertServesAfresh(kernel, image, mount);
    }

    private static boolean contains(Path file, String text) {
        try {
            return Files.readString(file).contains(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertServesAfresh(KernelUnderTest kernel, Image image, Mount stale) throws Exception {
        SdkDaemon.start(kernel, new ImageHandler(image));
        stale.unmount();
        assertArrayEquals(
                image.content(), kernel.mount("a").mounted().readAll(image).bytes());
    }

    @Test
    void the_end_waits_for_a_message_that_was_taken_a_moment_before(KernelUnderTest kernel) throws Exception {
        var served = new AtomicBoolean();
        var handler = new ImageHandler(kernel.image(SIZE)) {
            @Override
            public long open(OpenRequest request) throws IOException {
                LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
                served.set(true);
                throw new IOException("too late");
            }
        };
        var tap = new DeviceTap(kernel);
        SdkDaemon daemon =
                SdkDaemon.start(kernel, CachefilesChannel.open(kernel.options(), tap), handler, builder -> {});
        tap.fds.shut();
        Mounting mounting = kernel.mount("a");
        tap.fds.awaitVisitor();
        var closing = CompletableFuture.runAsync(daemon::close);
        LockSupport.parkNanos(Duration.ofMillis(100).toNanos()); // until it has looked at the thread
        tap.fds.open();
        closing.get();
        assertTrue(served.get(), "the handler goes on after the end");
        assertEquals(0, kernel.openFds());
        assertNoCache(mounting.error());
    }

    @Test
    @Row(43)
    void the_end_of_the_device_fails_opens_read_or_unread(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting unanswered = kernel.mount("a");
        daemon.nextOpen();
        Mounting unread = kernel.mount("b");
        SdkDaemon.await(() -> daemon.device.await(0) != 0, "the second OPEN");
        daemon.close();
        assertNoCache(unanswered.error());
        assertNoCache(unread.error());
        assertTrue(kernel.isDeviceFree());
    }

    @Test
    @Row(44)
    @RealKernelOnly("the fake has no processes to kill")
    void a_worker_killed_under_a_supervisor_with_the_device_is_not_noticed(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon supervisor = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened first = supervisor.accept(image.length());
        Mount mount = supervisor.mounted(mounting, image);
        first.file().close();
        Borrower worker = Borrower.start(kernel, deviceFd(), Borrower.ANSWER_NO_READ, image.length());
        Reading old = mount.read(8192, 4096);
        worker.awaitStuck();
        worker.close();
        assertRestored(supervisor, mount, old, image);
    }

    @Test
    @Row(44)
    void restore_serves_old_and_new_readers_on_a_device_that_was_kept(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        Reading old = mount.read(8192, 4096);
        daemon.next(Message.Read.class);
        daemon.closeFiles();
        assertRestored(daemon, mount, old, image);
    }

    private static void assertRestored(RawDaemon daemon, Mount mount, Reading old, Image image) throws Exception {
        Reading young = mount.read(200_000, 4096);
        daemon.commandTaken("restore");
        daemon.serveUntil(() -> !old.isWaiting() && !young.isWaiting(), image);
        assertArrayEquals(image.content(8192, 4096), old.bytes());
        assertArrayEquals(image.content(200_000, 4096), young.bytes());
        assertArrayEquals(image.content(), daemon.bytes(mount.readAll(image), image));
    }

    private static int deviceFd() throws IOException {
        return OpenFiles.of(CacheOptions.DEFAULT_DEVICE.toString()).getFirst();
    }

    @Test
    @Row(45)
    void an_old_mount_stays_without_cache_and_a_new_one_finds_its_bytes(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        SdkDaemon first = SdkDaemon.start(kernel, new ImageHandler(image));
        Mount old = kernel.mount("a").mounted();
        assertArrayEquals(image.content(0, 65_536), old.read(0, 65_536).bytes());
        first.close();
        assertNoCache(old.read(131_072, 4096).error());

        var handler = new ImageHandler(image);
        SdkDaemon.start(kernel, handler);
        assertNoCache(old.read(131_072, 4096).error());
        assertEquals(Errno.EBUSY, kernel.mount("a").error());
        assertEquals(0, handler.opens().size());
        old.unmount();
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(0, 65_536), mount.read(0, 65_536).bytes());
        assertEquals(0, handler.reads().size());
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
    }

    @Test
    @Row(46)
    @RealKernelOnly("the fake has no tags")
    void a_new_tag_beside_a_stale_mount_keeps_new_mounts_out(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        SdkDaemon first = start(kernel, "one", new ImageHandler(image));
        Mount stale = kernel.mount("a").mounted();
        assertArrayEquals(image.content(0, 65_536), stale.read(0, 65_536).bytes());
        first.close();

        var refused = new ImageHandler(image);
        SdkDaemon second = start(kernel, "two", refused);
        assertNoCache(kernel.mount("b").error());
        assertEquals(0, refused.opens().size());
        second.close();

        SdkDaemon third = start(kernel, "one", new ImageHandler(image));
        kernel.mount("b").mounted().unmount();
        third.close();

        // Without a stale mount the new tag is as good; the bytes belong to the directory.
        stale.unmount();
        var last = new ImageHandler(image);
        start(kernel, "three", last);
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(0, 65_536), mount.read(0, 65_536).bytes());
        assertEquals(0, last.reads().size());
    }

    private static SdkDaemon start(KernelUnderTest kernel, String tag, ImageHandler handler) throws IOException {
        CacheOptions options =
                CacheOptions.builder(kernel.options().directory()).tag(tag).build();
        return SdkDaemon.start(kernel, CachefilesChannel.open(options, kernel.provider()), handler, builder -> {});
    }

    @Test
    @Row(47)
    @RealKernelOnly("the fake has no processes that inherit")
    void an_fd_in_another_process_keeps_the_device_busy(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        SdkDaemon daemon = SdkDaemon.start(kernel, new ImageHandler(image));
        kernel.mount("a").mounted();
        int fd = OpenFiles.of(OpenFiles.ANONYMOUS).getFirst();
        Borrower child = Borrower.start(kernel, fd, Borrower.HOLD);
        daemon.close();
        var exception = assertThrows(
                CachefilesException.class, () -> CachefilesChannel.open(kernel.options(), kernel.provider()));
        assertEquals(Errno.EBUSY, exception.errno());
        child.close();
        SdkDaemon.await(() -> isFree(kernel), "the device");
        SdkDaemon.start(kernel, new ImageHandler(image));
    }

    private static boolean isFree(KernelUnderTest kernel) {
        try {
            return kernel.isDeviceFree();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Row(47)
    @RealKernelOnly("the fake has no processes that inherit")
    void the_library_lets_no_child_inherit(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        SdkDaemon.start(kernel, new ImageHandler(image));
        kernel.mount("a").mounted();
        kernel.mount("b").mounted();
        List<Integer> fds = OpenFiles.of(OpenFiles.ANONYMOUS);
        assertEquals(2, fds.size());
        for (int fd : fds) {
            assertTrue(OpenFiles.isClosedOnExec(fd));
        }
        assertTrue(OpenFiles.isClosedOnExec(deviceFd()));
    }

    @Test
    @Row(47)
    @RealKernelOnly("the fake has no processes that inherit")
    void the_kernel_gives_fds_that_children_inherit(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Message.Open open = daemon.next(Message.Open.class);
        assertFalse(OpenFiles.isClosedOnExec(open.fd()));
        daemon.adopt(open);
        assertEquals("ok", daemon.copen(open, image.length()));
        daemon.mounted(mounting, image);
    }

    @Test
    @Row(48)
    void fds_that_outlive_the_device_keep_it_busy(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.accept(image.length());
        Mount mount = daemon.mounted(mounting, image);
        daemon.bytes(mount.read(0, 4096), image);
        daemon.closeDevice();
        assertFalse(kernel.isDeviceFree());
        assertEquals(
                Errno.EBUSY,
                assertThrows(
                                CachefilesException.class,
                                () -> CachefilesChannel.open(kernel.options(), kernel.provider()))
                        .errno());
        assertEquals(4096, opened.file().pwrite(RawDaemon.memory(4096, 1), 65_536), "the fd works on");
        assertEquals(image.length(), opened.file().file().size());
        assertEquals(Errno.EIO, mount.read(200_000, 4096).error());
        daemon.closeFiles();
        assertTrue(kernel.isDeviceFree());
        mount.unmount();
        SdkDaemon.start(kernel, new ImageHandler(image));
        kernel.mount("b").mounted();
    }

    @Test
    @Row(48)
    @RealKernelOnly("the fake has no other processes")
    void the_probe_names_who_keeps_an_fd_of_a_daemon_that_has_ended(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.accept(image.length());
        Mount mount = daemon.mounted(mounting, image);
        try (Borrower heir = Borrower.start(kernel, opened.message().fd(), Borrower.HOLD)) {
            daemon.closeDevice();
            daemon.closeFiles();
            ProbeReport report = CachefilesProbe.run(kernel.options(), kernel.provider());
            assertTrue(
                    report.of(Finding.Severity.ERROR).stream()
                            .anyMatch(finding ->
                                    finding.what().contains("kept busy by process " + heir.pid() + " (perl)")),
                    report.toString());
        }
        assertTrue(kernel.isDeviceFree());
        mount.unmount();
    }

    @Test
    @Row(64)
    @RealKernelOnly("the fake has no processes to kill")
    void a_daemon_that_reads_its_own_mount_hangs_until_it_is_killed(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        DaemonProcess daemon = DaemonProcess.start(kernel, image, DaemonProcess.Fault.READS_ITS_MOUNT);
        Mount mount = kernel.mount("a").mounted();
        Reading reading = mount.read(8192, 4096);
        daemon.awaitStuck("READ");
        daemon.kill();
        assertNoCache(reading.error());
        assertServesAfresh(kernel, image, mount);
    }
}
