// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.ObjectId;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the first kernel with the on-demand mode does otherwise. */
class Linux519Test {
    private final FakeKernel kernel = FakeKernel.builder()
            .profile(KernelProfile.LINUX_5_19)
            .attachDelay(0)
            .build();

    private RawDaemon daemon;

    @BeforeEach
    void bind() throws IOException {
        daemon = RawDaemon.bound(kernel);
    }

    @Test
    void there_is_no_restore() {
        assertEquals("EOPNOTSUPP", daemon.command("restore"));
    }

    @Test
    void a_message_id_is_used_again_at_once() throws Exception {
        for (String fsid : new String[] {"a.img", "b.img"}) {
            var mount = kernel.mountAsync(fsid);
            assertEquals(0, daemon.accept(4096).message().messageId());
            mount.get();
        }
    }

    @Test
    void the_message_with_the_lowest_id_comes_first() throws Exception {
        var opens = new CompletableFuture<?>[3];
        for (int i = 0; i < 3; i++) {
            opens[i] = kernel.mountAsync(i + ".img");
            awaitSent(i + 1);
        }
        daemon.accept(4096);
        opens[0].get();
        opens[0] = kernel.mountAsync("3.img");
        awaitSent(4);
        for (int id = 0; id < 3; id++) {
            assertEquals(id, daemon.accept(4096).message().messageId());
        }
        CompletableFuture.allOf(opens).get();
    }

    private void awaitSent(int opens) {
        while (kernel.counters().opens() < opens) {
            Thread.onSpinWait();
        }
    }

    @Test
    void poll_reports_a_message_until_every_request_is_answered() throws Exception {
        var mount = kernel.mountAsync("a.img");
        Message.Open open = daemon.next(Message.Open.class);
        assertEquals(DeviceFile.READABLE, daemon.device.await(0));
        assertEquals(0, daemon.readOnce());
        daemon.commandTaken("copen " + open.messageId() + ",4096");
        mount.get();
        assertEquals(0, daemon.device.await(0));
    }

    @Test
    void read_complete_ends_an_open() throws Exception {
        FakeMount first = mounted("a.img").mount();
        AnonFile file = opened;
        var second = kernel.mountAsync("b.img");
        Message.Open open = daemon.next(Message.Open.class);
        assertEquals(0, file.completeRead(open.messageId()));
        second.get();
        assertEquals(0, daemon.device.adopt(open.fd()).size(), "nobody has said how large it is");
        first.unmount();
    }

    @Test
    void read_complete_ends_a_read_of_another_object() throws Exception {
        Mounted a = mounted("a.img");
        Mounted b = mounted("b.img");
        var reader = a.mount().readAsync(0, 4096);
        Message.Read read = daemon.next(Message.Read.class);
        a.file().pwrite(RawDaemon.memory(4096, 1), 0);
        assertEquals(0, b.file().completeRead(read.messageId()));
        assertArrayEquals(ones(), reader.get());
    }

    @Test
    void copen_ends_a_read() throws Exception {
        Mounted a = mounted("a.img");
        var reader = a.mount().readAsync(0, 4096);
        Message.Read read = daemon.next(Message.Read.class);
        a.file().pwrite(RawDaemon.memory(4096, 1), 0);
        daemon.commandTaken("copen " + read.messageId() + ",4096");
        assertArrayEquals(ones(), reader.get());
    }

    @Test
    void copen_answers_an_open_that_was_not_delivered() throws Exception {
        var mount = kernel.mountAsync("a.img");
        daemon.device.await(-1);
        daemon.commandTaken("copen 0,4096");
        FakeMount mounted = mount.get();
        assertReadFails(mounted);
    }

    @Test
    void copen_with_an_error_number_that_is_none_succeeds_and_fails_the_open() throws Exception {
        var mount = kernel.mountAsync("a.img");
        Message.Open open = daemon.next(Message.Open.class);
        assertEquals("ok", daemon.command("copen " + open.messageId() + ",-4096"));
        assertThrows(ExecutionException.class, mount::get);
    }

    @Test
    void copen_of_an_open_whose_fd_is_closed_succeeds() throws Exception {
        var mount = kernel.mountAsync("a.img");
        Message.Open open = daemon.next(Message.Open.class);
        daemon.device.adopt(open.fd()).close();
        daemon.commandTaken("copen " + open.messageId() + ",4096");
        assertReadFails(mount.get());
    }

    @Test
    void a_refused_open_whose_fd_is_open_is_closed_with_a_message() throws Exception {
        var mount = kernel.mountAsync("a.img");
        Message.Open open = daemon.next(Message.Open.class);
        daemon.commandTaken("copen " + open.messageId() + ",-5");
        assertThrows(ExecutionException.class, mount::get);
        assertEquals(open.objectId(), daemon.next(Message.Close.class).objectId());
    }

    @Test
    void with_an_fd_all_reads_that_wait_fail() throws Exception {
        Mounted a = mounted("a.img");
        Mounted b = mounted("b.img");
        var readers = new CompletableFuture<?>[] {
            a.mount().readAsync(0, 4096), b.mount().readAsync(0, 4096),
        };
        daemon.next(Message.Read.class);
        daemon.next(Message.Read.class);
        a.file().close();
        Message.Read again = daemon.next(Message.Read.class);
        assertEquals(4096, again.length(), "b.img is tried once more");
        assertEquals(0, b.file().completeRead(again.messageId()));
        for (var reader : readers) {
            assertThrows(ExecutionException.class, () -> reader.get(10, TimeUnit.SECONDS));
        }
        assertReadFails(a.mount());
        assertEquals(0, daemon.device.await(0), "a.img is not opened again");
        a.mount().unmount();
        assertEquals(0, daemon.device.await(0), "nor is there a CLOSE");
    }

    @Test
    void a_close_that_waits_while_its_fd_is_closed_names_no_object() throws Exception {
        Mounted a = mounted("a.img");
        a.mount().unmount();
        a.file().close();
        assertEquals(ObjectId.CLOSED.bits(), daemon.next(Message.Close.class).objectId());
    }

    @Test
    void a_misaligned_write_lands_at_the_start_of_the_page() throws Exception {
        Mounted a = mounted("a.img");
        assertEquals(4096, a.file().pwrite(RawDaemon.memory(4096, 1), 4096 + 512));
        assertEquals(4096, a.file().seekData(0));
    }

    @Test
    void a_write_that_was_cut_is_reported_as_whole() throws Exception {
        Mounted a = mounted("a.img");
        assertEquals(4096, a.file().pwrite(RawDaemon.memory(512, 1), 0), "rounded up");
        kernel.process().limitFileSize(8192);
        assertEquals(16384, a.file().pwrite(RawDaemon.memory(16384, 1), 0));
        assertEquals(8192, a.file().seekHole(0));
    }

    @Test
    void a_reader_cannot_be_killed() throws Exception {
        Mounted a = mounted("a.img");
        var outcome = new CompletableFuture<byte[]>();
        Thread reader = Thread.ofPlatform().start(() -> {
            try {
                outcome.complete(a.mount().read(0, 4096));
            } catch (Throwable t) {
                outcome.completeExceptionally(t);
            }
        });
        Message.Read read = daemon.next(Message.Read.class);
        reader.interrupt();
        a.file().pwrite(RawDaemon.memory(4096, 1), 0);
        assertEquals(0, a.file().completeRead(read.messageId()));
        assertArrayEquals(ones(), outcome.get());
    }

    @Test
    void an_error_of_the_disk_leaves_readers_waiting_until_the_device_closes() throws Exception {
        Mounted a = mounted("a.img");
        var reader = a.mount().readAsync(0, 4096);
        daemon.next(Message.Read.class);
        kernel.disk().fail();
        assertEquals("EIO", daemon.command("debug 0"));
        assertEquals(1, kernel.unanswered().size());
        assertFalse(reader.isDone());
        daemon.device.close();
        assertThrows(ExecutionException.class, reader::get);
    }

    private AnonFile opened;

    private record Mounted(FakeMount mount, AnonFile file) {}

    private Mounted mounted(String fsid) throws Exception {
        var mount = kernel.mountAsync(fsid);
        opened = daemon.accept(8192).file();
        return new Mounted(mount.get(), opened);
    }

    private static void assertReadFails(FakeMount mount) {
        var thrown = assertThrows(CachefilesException.class, () -> mount.read(0, 4096));
        assertEquals(Errno.EIO, thrown.errno());
    }

    private static byte[] ones() {
        byte[] ones = new byte[4096];
        Arrays.fill(ones, (byte) 1);
        return ones;
    }
}
