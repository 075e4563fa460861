// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.kerneltests.contract.RawDaemon.Opened;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.protocol.Command;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** OPEN, and what a mount makes of each answer. */
@Contract
class OpeningTest {
    private static final int SIZE = 100_000;
    private static final long AWAIT_NANOS = 60_000_000_000L;

    @Test
    @Row(8)
    void a_message_that_does_not_fit_stays(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(SIZE);
        Mounting mounting = kernel.mount("a");
        assertEquals(DeviceFile.READABLE, daemon.device.await(AWAIT_NANOS));
        for (long room : new long[] {1, 16, 40}) {
            try (Arena arena = Arena.ofConfined()) {
                assertEquals("EMSGSIZE", RawDaemon.symbol(daemon.device.read(arena.allocate(room))));
            }
            assertEquals(DeviceFile.READABLE, daemon.device.await(0));
        }
        Opened opened = daemon.accept(image.length());
        assertEquals("a", opened.message().cookie().toString());
        daemon.mounted(mounting, image);
        assertEquals(1, kernel.openFds());
    }

    @Test
    @Row(9)
    void an_open_that_finds_no_fd_fails_its_mount_alone(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(SIZE);
        Mounting mounting = kernel.mount("a");
        assertEquals(DeviceFile.READABLE, daemon.device.await(AWAIT_NANOS));
        kernel.exhaustFds();
        int result = daemon.readOnce();
        kernel.grantFds();
        assertEquals("EMFILE", RawDaemon.symbol(result));
        assertRefused(mounting);
        assertEquals(0, kernel.openFds());
        daemon.mounted(kernel.mount("a"), image);
    }

    @Test
    @Row(9)
    void the_server_reports_a_lack_of_fds_and_goes_on(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var tap = new DeviceTap(kernel);
        SdkDaemon daemon = SdkDaemon.start(
                kernel, CachefilesChannel.open(kernel.options(), tap), new ImageHandler(image), builder -> {});
        Mount mount = kernel.mount("a").mounted();
        tap.holdMessages();
        Mounting mounting = kernel.mount("b");
        SdkDaemon.await(tap::isReadable, "the OPEN");
        kernel.exhaustFds();
        try {
            tap.letMessagesPass();
            SdkDaemon.await(() -> !daemon.troubles().isEmpty(), "a report");
        } finally {
            kernel.grantFds();
        }
        assertTrue(
                daemon.troubles().getFirst().getMessage().contains("ulimit -n"),
                daemon.troubles().toString());
        assertArrayEquals(image.content(0, 4096), mount.read(0, 4096).bytes());
        assertRefused(mounting);
        assertEquals(1, kernel.openFds());
        kernel.mount("b").mounted();
    }

    @Test
    @Row(10)
    void a_reopen_that_finds_no_fd_waits_for_one(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(SIZE);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.accept(image.length());
        Mount mount = daemon.mounted(mounting, image);
        opened.file().close();
        Reading reading = mount.read(0, 4096);
        assertEquals(DeviceFile.READABLE, daemon.device.await(AWAIT_NANOS));
        int[] results = new int[40];
        kernel.exhaustFds();
        for (int i = 0; i < results.length; i++) {
            daemon.device.await(AWAIT_NANOS);
            results[i] = daemon.readOnce();
        }
        kernel.grantFds();
        Set<String> seen = new HashSet<>();
        int refused = 0;
        for (int result : results) {
            seen.add(RawDaemon.symbol(result));
            refused += result < 0 ? 1 : 0;
        }
        assertEquals(Set.of("ok", "EMFILE"), seen);
        assertTrue(refused > 1, "the OPEN comes again: " + refused);
        assertTrue(reading.isWaiting());
        assertArrayEquals(image.content(0, 4096), daemon.bytes(reading, image));
        assertEquals(1, kernel.openFds());
    }

    @Test
    @Row(10)
    void the_server_does_not_spin_while_a_reopen_finds_no_fd(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new GatedHandler(image);
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        Mount one = kernel.mount("one").mounted();
        Mount two = kernel.mount("two").mounted();
        handler.opens().get(1).object().fd().close();
        // The superblock's READ may not have been let go.
        SdkDaemon.await(() -> kernel.openFds() == 1, "the fd's end");
        handler.gate.shut();
        Reading first = one.read(0, 4096);
        handler.gate.awaitVisitor();
        Reading second = two.read(0, 4096);
        long start;
        long end;
        kernel.exhaustFds();
        try {
            handler.gate.open();
            SdkDaemon.await(() -> !daemon.troubles().isEmpty(), "a report");
            start = System.nanoTime();
            SdkDaemon.await(() -> daemon.troubles().size() >= 5, "more reports");
            end = System.nanoTime();
        } finally {
            kernel.grantFds();
        }
        assertTrue(end - start >= 50_000_000, "four pauses lasted " + (end - start) + " ns");
        assertArrayEquals(image.content(0, 4096), first.bytes());
        assertArrayEquals(image.content(0, 4096), second.bytes());
        assertEquals(2, kernel.openFds());
    }

    @Test
    @Row(11)
    void an_open_that_is_refused_fails_the_mount_and_the_next_one_works(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(SIZE);
        for (long error : new long[] {-Errno.ENOENT.number(), -1, -4095}) {
            Mounting mounting = kernel.mount("a");
            Opened opened = daemon.nextOpen();
            assertEquals("ok", daemon.copen(opened.message(), error));
            assertRefused(mounting);
            assertEquals(1, kernel.openFds(), "the kernel leaves the fd to the daemon");
            opened.file().close();
        }
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        assertArrayEquals(image.content(), daemon.bytes(mount.readAll(image), image));
    }

    @Test
    @Row(11)
    void a_handler_that_throws_in_open_fails_the_mount_of_a_fresh_and_of_a_cached_blob(KernelUnderTest kernel)
            throws Exception {
        Image image = kernel.image(SIZE);
        var broken = new AtomicBoolean(true);
        SdkDaemon daemon = SdkDaemon.start(kernel, new ImageHandler(image) {
            @Override
            public long open(OpenRequest request) throws IOException {
                if (broken.get()) {
                    throw new IOException("no such blob");
                }
                return super.open(request);
            }
        });
        assertRefused(kernel.mount("a"));
        SdkDaemon.await(() -> daemon.openFailures().size() == 1, "a report");
        SdkDaemon.await(() -> kernel.openFds() == 0, "the end of the fd");

        broken.set(false);
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        mount.unmount();

        broken.set(true);
        assertRefused(kernel.mount("a"));
        SdkDaemon.await(() -> daemon.openFailures().size() == 2, "a report");
        SdkDaemon.await(() -> kernel.openFds() == 0, "the end of the fd");

        broken.set(false);
        assertArrayEquals(
                image.content(), kernel.mount("a").mounted().readAll(image).bytes());
    }

    @Test
    @Row(12)
    void an_answer_with_a_malformed_size_uses_the_open_up(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(SIZE);
        assertUsesUp(kernel, daemon, "", "EINVAL");
        assertUsesUp(kernel, daemon, " 4096", "EINVAL");
        assertUsesUp(kernel, daemon, "12x", "EINVAL");
        assertUsesUp(kernel, daemon, "-4096", "EINVAL");
        assertUsesUp(kernel, daemon, "9223372036854775808", "ERANGE");
        daemon.mounted(kernel.mount("a"), image);
    }

    private static void assertUsesUp(KernelUnderTest kernel, RawDaemon daemon, String size, String error)
            throws IOException {
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.nextOpen();
        String id = Integer.toUnsignedString(opened.message().messageId());
        assertEquals(error, daemon.command("copen " + id + "," + size), "size '" + size + "'");
        assertEquals("EINVAL", daemon.command("copen " + id + ",4096"), "a second answer after '" + size + "'");
        assertRefused(mounting);
        opened.file().close();
    }

    @Test
    @Row(12)
    void the_library_makes_no_malformed_size(KernelUnderTest kernel) throws Exception {
        assertThrows(IllegalArgumentException.class, () -> Command.accept(1, -1));
        assertEquals(
                "copen 4294967295,9223372036854775807",
                Command.accept(-1, Long.MAX_VALUE).text());
        assertEquals(
                "copen 1,-4095", Command.refuse(1, new Errno(Errno.MAX_NUMBER)).text());
        assertThrows(IllegalArgumentException.class, () -> new Errno(Errno.MAX_NUMBER + 1));

        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image) {
            @Override
            public long open(OpenRequest request) throws IOException {
                super.open(request);
                return -5000;
            }
        };
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        assertRefused(kernel.mount("a"));
        SdkDaemon.await(() -> daemon.openFailures().size() == 1, "a report");
        SdkDaemon.await(() -> kernel.openFds() == 0, "the end of the fd");
    }

    @Test
    @Row(13)
    void an_answer_with_a_wrong_foreign_or_used_id_has_no_effect(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(SIZE);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        Reading reading = mount.read(0, 4096);
        Message.Read read = daemon.next(Message.Read.class);
        Mounting mounting = kernel.mount("b");
        Opened opened = daemon.nextOpen();
        int id = opened.message().messageId();

        assertEquals("EINVAL", daemon.command("copen " + (id + 1000) + ",4096"), "unknown");
        assertEquals("EINVAL", daemon.command("copen " + read.messageId() + ",4096"), "of a READ");
        assertEquals("EINVAL", daemon.command("copen x,4096"), "no number");
        assertEquals("ERANGE", daemon.command("copen 99999999999999999999,4096"), "too large");
        assertTrue(mounting.isWaiting());
        assertTrue(reading.isWaiting());
        assertEquals("ok", daemon.copen(opened.message(), image.length()));
        assertEquals("EINVAL", daemon.copen(opened.message(), image.length()), "used");
        daemon.serve(read, image);
        daemon.mounted(mounting, image);
        assertArrayEquals(image.content(0, 4096), reading.bytes());
    }

    @Test
    @Row(13)
    void the_library_answers_an_open_once(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var twice = new ArrayList<Throwable>();
        var handler = new ImageHandler(image) {
            @Override
            public long open(OpenRequest request) throws IOException {
                long size = super.open(request);
                request.accept(size);
                twice.add(assertThrows(IllegalStateException.class, () -> request.accept(size)));
                twice.add(assertThrows(IllegalStateException.class, () -> request.refuse(Errno.EIO)));
                return size;
            }
        };
        SdkDaemon.start(kernel, handler);
        assertArrayEquals(
                image.content(), kernel.mount("a").mounted().readAll(image).bytes());
        assertEquals(2, twice.size());
    }

    @Test
    @Row(14)
    void an_answer_without_a_comma_leaves_the_open_as_it_is(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(SIZE);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.nextOpen();
        assertEquals("EINVAL", daemon.command("copen"));
        assertEquals("EINVAL", daemon.command("copen " + opened.message().messageId()));
        assertTrue(mounting.isWaiting());
        assertEquals("ok", daemon.copen(opened.message(), image.length()));
        daemon.mounted(mounting, image);
    }

    @Test
    @Row(15)
    void an_fd_that_is_closed_before_the_answer_fails_the_mount(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(SIZE);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.nextOpen();
        opened.file().close();
        assertEquals("ok", daemon.copen(opened.message(), image.length()));
        assertRefused(mounting);
        daemon.mounted(kernel.mount("a"), image);
    }

    @Test
    @Row(17)
    void a_size_that_no_file_can_have_fails_the_mount(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        for (long size : new long[] {17L << 40, 1L << 62, Long.MAX_VALUE}) {
            Mounting mounting = kernel.mount("a");
            Opened opened = daemon.nextOpen();
            assertEquals("ok", daemon.copen(opened.message(), size));
            assertRefused(mounting);
            // To the kernel the object was open already.
            Message.Close close = daemon.next(Message.Close.class);
            assertEquals(opened.message().objectId(), close.objectId());
            daemon.closed(close);
        }
        daemon.mounted(kernel.mount("a"), kernel.image(SIZE));
    }

    @Test
    @Row(36)
    void of_many_mounts_so_many_opens_are_delivered_and_the_rest_follows(KernelUnderTest kernel) throws Exception {
        int mounts = 330;
        int atOnce = 256;
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(4096);
        // In a domain, since a volume for each would cost hundreds of directories.
        List<Mounting> mountings = kernel.mountAll(IntStream.range(0, mounts)
                .mapToObj(i -> MountOptions.of("blob" + i).domain("many"))
                .toList());
        List<Opened> opened = new ArrayList<>();
        for (int i = 0; i < atOnce; i++) {
            opened.add(daemon.nextOpen());
        }
        assertEquals(0, daemon.device.await(200_000_000), "one more than the kernel runs at once");
        assertEquals(atOnce, kernel.openFds());
        for (Opened each : opened) {
            assertEquals("ok", daemon.copen(each.message(), image.length()));
        }
        daemon.serveUntil(() -> mountings.stream().noneMatch(Mounting::isWaiting), image);
        Mount last = null;
        for (Mounting mounting : mountings) {
            last = mounting.mounted();
        }
        assertEquals(mounts, kernel.openFds());
        assertArrayEquals(image.content(), daemon.bytes(last.readAll(image), image));
    }

    /** Which of the two errors the mount gets is a matter of timing. */
    static void assertRefused(Mounting mounting) {
        Errno errno = mounting.error();
        assertTrue(errno.equals(Errno.EIO) || errno.equals(Errno.ENOBUFS), mounting + ": " + errno);
    }
}
