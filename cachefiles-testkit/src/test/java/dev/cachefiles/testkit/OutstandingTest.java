// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Requests that the daemon leaves lying, and mounts that a daemon has left behind. */
class OutstandingTest {
    private static final int WORKERS = 256;

    private FakeKernel kernel = FakeKernel.builder().attachDelay(0).build();

    // Workers

    @Test
    void unread_closes_hold_opens_up() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        List<FakeMount> mounts = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            mounts.add(mounted(daemon, i + ".img"));
        }
        for (FakeMount mount : mounts) {
            mount.unmount();
        }
        var late = new CompletableFuture<FakeMount>();
        Thread mounting = Thread.ofPlatform().start(() -> {
            try {
                late.complete(kernel.mount("late.img"));
            } catch (Throwable t) {
                late.completeExceptionally(t);
            }
        });
        while (mounting.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertEquals(WORKERS, kernel.counters().opens(), "the next OPEN is not even sent");
        for (int i = 0; i < WORKERS; i++) {
            daemon.next(Message.Close.class);
        }
        assertEquals("late.img", daemon.accept(0).message().cookie().toString());
        late.get();
    }

    @Test
    void unanswered_opens_hold_closes_and_opens_that_come_again_up() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        FakeMount leaving = mounted(daemon, "leaving.img");
        FakeMount staying = mounted(daemon, "staying.img", AnonFile::close);
        List<CompletableFuture<FakeMount>> mounts = new ArrayList<>();
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            mounts.add(kernel.mountAsync(i + ".img"));
            ids.add(daemon.next(Message.Open.class).messageId());
        }
        var reader = staying.readAsync(0, 4096);
        assertEquals(DeviceFile.READABLE, daemon.device.await(-1));
        assertEquals(0, daemon.readOnce());
        leaving.unmount();
        assertEquals(0, daemon.device.await(0), "no worker is left to open again or to close");

        daemon.commandTaken("copen " + ids.get(0) + ",0");
        RawDaemon.Opened again = daemon.accept(4096);
        assertEquals("staying.img", again.message().cookie().toString());
        for (int i = 0; i < 2; i++) { // a READ and a CLOSE
            if (daemon.next(Message.class) instanceof Message.Read read) {
                again.file().pwrite(RawDaemon.memory(4096, 1), 0);
                again.file().completeRead(read.messageId());
            }
        }
        ids.subList(1, ids.size()).forEach(id -> daemon.commandTaken("copen " + id + ",0"));
        for (var mount : mounts) {
            mount.get();
        }
        reader.get();
    }

    @Test
    void what_was_not_sent_for_want_of_a_worker_fails_with_the_cache() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        List<CompletableFuture<FakeMount>> mounts = new ArrayList<>();
        for (int i = 0; i <= WORKERS; i++) {
            mounts.add(kernel.mountAsync(i + ".img"));
        }
        for (int i = 0; i < WORKERS; i++) {
            daemon.next(Message.Open.class);
        }
        kernel.process().kill();
        for (var mount : mounts) {
            assertThrows(Exception.class, mount::get);
        }
        assertEquals(0, kernel.unanswered().size());
    }

    // Wake-ups

    @Test
    void the_close_of_an_fd_wakes_nobody_though_a_read_can_be_delivered() throws Exception {
        kernel = FakeKernel.builder().virtualTime().build();
        RawDaemon daemon = RawDaemon.bound(kernel);
        FakeMount mount = mounted(daemon, "a.img", AnonFile::close);
        var reader = mount.readAsync(0, 4096);
        Message.Open again = daemon.next(Message.Open.class);
        AnonFile file = daemon.device.adopt(again.fd());
        var poller = Async.start("poller", () -> daemon.device.await(TimeUnit.HOURS.toNanos(1)));
        kernel.awaitSleepers(1);
        file.close();
        daemon.commandTaken("copen " + again.messageId() + ",4096");
        kernel.awaitSleepers(1);
        assertFalse(poller.isDone());
        assertEquals(DeviceFile.READABLE, daemon.device.await(0));
        daemon.commandTaken("restore");
        assertEquals(DeviceFile.READABLE, poller.get(10, TimeUnit.SECONDS));
        kernel.process().kill();
        assertThrows(Exception.class, reader::get);
    }

    // Stale mounts

    @Test
    void with_another_tag_a_stale_mount_draws_new_mounts_to_the_cache_that_is_gone() throws Exception {
        FakeMount stale = mounted(bound("A"), "stale.img");
        kernel.process().kill();
        RawDaemon other = bound("B");
        assertNewMountFailsWithoutOpen();
        kernel.process().kill();

        RawDaemon same = bound("A");
        mounted(same, "new.img").unmount();
        stale.unmount();
        same.next(Message.Close.class);
        other.device.close();
        KernelAssert.assertThat(kernel).hasNoMisuse();
    }

    @Test
    void without_its_stale_mount_a_tag_is_forgotten() throws Exception {
        FakeMount stale = mounted(bound("A"), "stale.img");
        kernel.process().kill();
        RawDaemon other = bound("B");
        assertNewMountFailsWithoutOpen();
        stale.unmount();
        mounted(other, "new.img");
    }

    private void assertNewMountFailsWithoutOpen() {
        long opens = kernel.counters().opens();
        var thrown = assertThrows(CachefilesException.class, () -> kernel.mount("new.img"));
        assertEquals(Errno.ENOBUFS, thrown.errno());
        assertEquals(opens, kernel.counters().opens());
    }

    private RawDaemon bound(String tag) throws IOException {
        var daemon = new RawDaemon(kernel.open(CacheOptions.DEFAULT_DEVICE));
        daemon.commandTaken("dir /cache");
        daemon.commandTaken("tag " + tag);
        daemon.commandTaken("bind ondemand");
        return daemon;
    }

    private FakeMount mounted(RawDaemon daemon, String fsid) throws Exception {
        return mounted(daemon, fsid, file -> {});
    }

    private interface WithFile {
        void use(AnonFile file);
    }

    private FakeMount mounted(RawDaemon daemon, String fsid, WithFile then) throws Exception {
        var mount = kernel.mountAsync(fsid);
        AnonFile file = daemon.accept(4096).file();
        FakeMount mounted = mount.get();
        then.use(file);
        return mounted;
    }
}
