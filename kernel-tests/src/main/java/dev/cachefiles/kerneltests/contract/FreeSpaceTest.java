// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CacheOptions.Limits;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.kerneltests.contract.RawDaemon.Opened;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.OpenFiles;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SystemCall;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A cache whose file system has no room, or takes no more writes. */
@Contract
class FreeSpaceTest {
    private static final int SIZE = 400_000;
    private static final String NO_SPACE = "the fake's disk has no end";
    private static final String NO_FILE_LIMIT = "the limits of the fake process are set by the testkit's own tests";
    private static final String NO_FILE_SYSTEM = "the fake has no file system beside its cache";

    @Test
    @Row(52)
    @CacheDisk
    @RealKernelOnly(NO_SPACE)
    void below_the_limits_the_kernel_asks_for_culling_and_then_refuses(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        assertEquals(0, deviceEvents() & SystemCall.POLLOUT);

        leave(kernel, 0.03);
        assertArrayEquals(image.content(0, 4096), daemon.bytes(mount.read(0, 4096), image));
        assertNotEquals(0, deviceEvents() & SystemCall.POLLOUT, "below the limit of culling");

        leave(kernel, 0.005);
        Reading refused = mount.read(65_536, 4096);
        for (int i = 0; i < 2; i++) {
            Message.Read read = daemon.next(Message.Read.class);
            long result = daemon.file(read.objectId()).pwrite(RawDaemon.memory(Image.BLOCK, 1), read.offset());
            assertEquals("ENOBUFS", RawDaemon.symbol(result));
            daemon.completeEmpty(read);
        }
        assertEquals(Errno.EIO, refused.error());
        assertEquals(Errno.ENOBUFS, kernel.mount("b").error());
        assertEquals(0, daemon.readOnce(), "there was no OPEN");

        leave(kernel, 1);
        assertArrayEquals(image.content(), daemon.bytes(mount.readAll(image), image));
        assertEquals(0, deviceEvents() & SystemCall.POLLOUT, "the check of a write has found room");
        daemon.mounted(kernel.mount("b"), image);
    }

    @Test
    @Row(52)
    @CacheDisk
    @RealKernelOnly(NO_SPACE)
    void a_handler_hears_of_missing_room_and_goes_on_when_there_is_some(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image);
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        leave(kernel, 0.005);
        assertEquals(Errno.EIO, mount.read(65_536, 4096).error());
        assertFailures(daemon, Errno.ENOBUFS);
        assertEquals(Errno.ENOBUFS, kernel.mount("b").error());
        assertEquals(1, handler.opens().size());
        leave(kernel, 1);
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        kernel.mount("b").mounted();
    }

    @Test
    @Row(53)
    @CacheDisk
    @RealKernelOnly(NO_SPACE)
    void a_write_to_a_full_disk_gets_enospc(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var daemon = new RawDaemon(kernel);
        daemon.commandTaken("bstop 0%");
        daemon.bind(kernel);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.accept(image.length());
        Mount mount = daemon.mounted(mounting, image);
        leave(kernel, 0);
        long result = opened.file().pwrite(RawDaemon.memory(262_144, 1), 65_536);
        assertEquals("ENOSPC", RawDaemon.symbol(result));
        leave(kernel, 1);
        assertArrayEquals(image.content(), daemon.bytes(mount.readAll(image), image));
    }

    @Test
    @Row(53)
    @CacheDisk
    @RealKernelOnly(NO_SPACE)
    void a_handler_hears_of_a_full_disk_and_goes_on_when_there_is_room(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        CacheOptions options = CacheOptions.builder(kernel.options().directory())
                .blockLimits(new Limits(7, 5, 0))
                .build();
        SdkDaemon daemon = SdkDaemon.start(
                kernel, CachefilesChannel.open(options, kernel.provider()), new ImageHandler(image), builder -> {});
        Mount mount = kernel.mount("a").mounted();
        leave(kernel, 0);
        assertEquals(Errno.EIO, mount.read(65_536, 131_072).error());
        assertFailures(daemon, Errno.ENOSPC);
        leave(kernel, 1);
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
    }

    @Test
    @Row(54)
    @RealKernelOnly(NO_FILE_LIMIT)
    void a_write_across_the_limit_of_file_sizes_is_short(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.accept(image.length());
        daemon.mounted(mounting, image);
        SystemCall.limitFileSize(73_728);
        try {
            assertEquals(8192, opened.file().pwrite(RawDaemon.memory(65_536, 1), 65_536));
            assertEquals("EFBIG", RawDaemon.symbol(opened.file().pwrite(RawDaemon.memory(65_536, 1), 73_728)));
        } finally {
            SystemCall.limitFileSize(Long.MAX_VALUE);
        }
    }

    @Test
    @Row(54)
    @RealKernelOnly(NO_FILE_LIMIT)
    void a_handler_that_crosses_the_limit_of_file_sizes_gets_efbig_and_leaves_no_piece_of_a_block(
            KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        SystemCall.limitFileSize(73_728 + 512, 73_728 + 512);
        try {
            SdkDaemon daemon = SdkDaemon.start(kernel, new ImageHandler(image));
            Mount mount = kernel.mount("a").mounted();
            assertEquals(Errno.EIO, mount.read(65_536, 65_536).error());
            assertEquals(Errno.EIO, mount.read(73_728, 4096).error(), "zeros that nobody wrote, else");
            assertFailures(daemon, Errno.EFBIG);
            assertArrayEquals(image.content(0, 65_536), mount.read(0, 65_536).bytes());
        } finally {
            SystemCall.limitFileSize(Long.MAX_VALUE);
        }
    }

    @Test
    @Row(54)
    @RealKernelOnly(NO_FILE_LIMIT)
    void a_limit_of_file_sizes_that_somebody_has_lowered_is_raised_again(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        SdkDaemon daemon = SdkDaemon.start(kernel, new ImageHandler(image));
        Mount mount = kernel.mount("a").mounted();
        SystemCall.limitFileSize(73_728 + 512, -1);
        try {
            assertArrayEquals(image.content(), mount.readAll(image).bytes());
        } finally {
            SystemCall.limitFileSize(Long.MAX_VALUE);
        }
        assertEquals(0, daemon.readFailures().size());
    }

    @Test
    @Row(55)
    @CacheDisk
    @RealKernelOnly(NO_FILE_SYSTEM)
    void a_file_system_that_turns_read_only_ends_the_cache_silently(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        forceReadOnly(kernel.options().directory());
        Reading refused = mount.read(65_536, 4096);
        for (int i = 0; i < 2; i++) {
            Message.Read read = daemon.next(Message.Read.class);
            long result = daemon.file(read.objectId()).pwrite(RawDaemon.memory(Image.BLOCK, 1), read.offset());
            assertTrue(Set.of("EROFS", "EIO").contains(RawDaemon.symbol(result)), "which of them is for ext4 to say");
            daemon.completeEmpty(read);
        }
        assertEquals(Errno.EIO, refused.error());
        assertEquals("ok", daemon.command("debug 0"), "the cache is alive as long as nothing is to be stored");

        mount.unmount();
        SdkDaemon.await(() -> (daemon.device.await(0) & DeviceFile.READABLE) != 0, "the CLOSE");
        daemon.next(Message.Close.class);
        SdkDaemon.await(() -> daemon.command("debug 0").equals("EIO"), "the end of the cache");
        assertEquals("EIO", daemon.command("restore"));
        assertEquals(0, deviceEvents() & SystemCall.POLLIN);
        assertEquals(0, daemon.readOnce());
        assertEquals("E", cacheState());
        assertEquals(Errno.ENOBUFS, kernel.mount("b").error());

        daemon.close();
        assertServesElsewhere(kernel, image);
    }

    @Test
    @Row(55)
    @CacheDisk
    @RealKernelOnly(NO_FILE_SYSTEM)
    void a_handler_hears_that_the_file_system_is_read_only(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        SdkDaemon daemon = SdkDaemon.start(kernel, new ImageHandler(image));
        Mount mount = kernel.mount("a").mounted();
        forceReadOnly(kernel.options().directory());
        assertEquals(Errno.EIO, mount.read(65_536, 4096).error());
        assertFailures(daemon, Errno.EROFS, Errno.EIO);
    }

    @Test
    @Row(55)
    @CacheDisk
    @RealKernelOnly(NO_FILE_SYSTEM)
    void a_server_notices_that_its_cache_has_died_and_binds_it_again(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        SdkDaemon daemon = SdkDaemon.start(kernel, new ImageHandler(image));
        Mount mount = kernel.mount("a").mounted();
        Path directory = kernel.options().directory();
        String device = Files.getFileStore(directory).name();
        forceReadOnly(directory);
        mount.unmount();
        SdkDaemon.await(() -> !daemon.deaths().isEmpty(), "the end of the cache");
        assertEquals(Errno.EIO, daemon.deaths().getFirst().errno());
        SdkDaemon.await(() -> !daemon.troubles().isEmpty(), "the complaint that the directory is read-only");
        assertEquals(0, daemon.rebirths());
        assertEquals(Errno.ENOBUFS, kernel.mount("b").error());

        // What someone would do who finds the disk repaired.
        // In one go: a server that tries again in between makes its cache in the directory below.
        Shell.sh("umount \"$1\" && mount \"$2\" \"$1\"", directory.toString(), device)
                .orThrow();
        SdkDaemon.await(() -> daemon.rebirths() == 1, "the cache");
        assertArrayEquals(
                image.content(), kernel.mount("b").mounted().readAll(image).bytes());
    }

    private static void assertServesElsewhere(KernelUnderTest kernel, Image image) throws Exception {
        CacheOptions options = CacheOptions.builder(CacheDirectory.create()).build();
        SdkDaemon.start(
                kernel, CachefilesChannel.open(options, kernel.provider()), new ImageHandler(image), builder -> {});
        assertArrayEquals(
                image.content(), kernel.mount("a").mounted().readAll(image).bytes());
    }

    private static void assertFailures(SdkDaemon daemon, Errno... expected) throws Exception {
        // It is told after the answer, and after the log.
        SdkDaemon.await(() -> !daemon.readFailures().isEmpty(), "the failure of a READ");
        for (Throwable failure : daemon.readFailures()) {
            Errno errno = assertInstanceOf(CachefilesException.class, failure).errno();
            assertTrue(List.of(expected).contains(errno), failure.toString());
        }
        assertEquals(List.of(), daemon.troubles());
    }

    private static long deviceEvents() throws IOException {
        return SystemCall.poll(
                OpenFiles.of(CacheOptions.DEFAULT_DEVICE.toString()).getFirst());
    }

    /** The letter of the only cache; "-" when there is none. */
    private static String cacheState() {
        try {
            return Files.readAllLines(Path.of("/proc/fs/fscache/caches")).stream()
                    .map(line -> line.strip().split("\\s+"))
                    .filter(fields -> Set.of("P", "A", "E", "W").contains(fields[fields.length - 2]))
                    .map(fields -> fields[fields.length - 2])
                    .findFirst()
                    .orElse("-");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Leaves this part of the file system free, and with 0 not even what is reserved for root. */
    static void leave(KernelUnderTest kernel, double part) throws IOException {
        Path filler = kernel.options().directory().resolve("filler");
        Files.deleteIfExists(filler);
        // What was deleted is free only when the journal says so.
        Shell.run("sync", "--file-system", kernel.options().directory().toString())
                .orThrow();
        FileStore disk = Files.getFileStore(kernel.options().directory());
        long excess = disk.getUsableSpace() - (long) (disk.getTotalSpace() * part);
        if (excess > 0) {
            Shell.run("fallocate", "--length", Long.toString(excess), filler.toString())
                    .orThrow();
        }
        if (part == 0) {
            Shell.Result full = Shell.sh("dd if=/dev/zero bs=4096 oflag=direct >>\"$1\"", filler.toString());
            assertTrue(full.errors().contains("No space left on device"), full.errors());
        }
    }

    /** As an error of the disk would. */
    private static void forceReadOnly(Path directory) throws IOException {
        Shell.run("mount", "-o", "remount,errors=remount-ro", directory.toString())
                .orThrow();
        String device = Files.getFileStore(directory).name();
        Files.writeString(
                Path.of("/sys/fs/ext4", Path.of(device).getFileName().toString(), "trigger_fs_error"), "by a test\n");
    }
}
