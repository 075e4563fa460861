// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.spi.AnonFile;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** A disk that fills up, becomes read-only or fails. */
class DiskTest {
    private static final int BLOCK = 4096;

    // Of 1000 blocks: run 70, cull 50, stop 10.
    private FakeKernel kernel =
            FakeKernel.builder().attachDelay(0).capacity(1000 * BLOCK).build();

    @Test
    void space_is_taken_by_blocks_with_data_and_by_others() throws Exception {
        assertEquals(1000 * BLOCK, kernel.disk().free());
        AnonFile file = open("a.img", 1 << 20).file();
        assertEquals(1000 * BLOCK, kernel.disk().free(), "a hole takes none");
        write(file, 2, 0);
        write(file, 2, 1);
        assertEquals(997 * BLOCK, kernel.disk().free());
        kernel.disk().occupy(BLOCK + 1);
        assertEquals(995 * BLOCK, kernel.disk().free());
        kernel.disk().release(1);
        assertEquals(996 * BLOCK, kernel.disk().free());
    }

    @Test
    void nobody_takes_more_than_there_is_or_gives_back_more_than_was_taken() {
        assertThrows(IllegalArgumentException.class, () -> kernel.disk().occupy(1000 * BLOCK + 1));
        assertThrows(IllegalArgumentException.class, () -> kernel.disk().occupy(-1));
        kernel.disk().occupy(1000 * BLOCK);
        assertEquals(0, kernel.disk().free());
        assertThrows(IllegalArgumentException.class, () -> kernel.disk().release(1000 * BLOCK + 1));
    }

    @Test
    void culling_is_wanted_from_a_write_below_bcull_to_one_at_brun() throws Exception {
        AnonFile file = open("a.img", 1 << 20).file();
        leave(51);
        write(file, 1, 0);
        assertFalse(kernel.isCullingWanted(), "50 are left");
        write(file, 1, 0);
        assertTrue(kernel.isCullingWanted(), "a write is weighed as if it took new blocks");
        leave(70);
        assertTrue(kernel.isCullingWanted(), "freeing alone is not noticed");
        write(file, 1, 0);
        assertTrue(kernel.isCullingWanted(), "69 would be left");
        leave(71);
        write(file, 1, 0);
        assertFalse(kernel.isCullingWanted());
    }

    @Test
    void bind_looks_at_the_space() throws Exception {
        leave(49);
        RawDaemon.bound(kernel);
        assertTrue(kernel.isCullingWanted());
    }

    @Test
    void below_bstop_every_write_is_refused() throws Exception {
        AnonFile file = open("a.img", 1 << 20).file();
        write(file, 1, 0);
        leave(11);
        write(file, 1, 0);
        leave(10);
        assertEquals("ENOBUFS", tryWrite(file, 1, 0), "also one that takes no new block");
        assertTrue(kernel.isCullingWanted());
        leave(100);
        write(file, 1, 5);
        assertFalse(kernel.isCullingWanted());
    }

    @Test
    void the_limits_are_those_of_the_commands() throws Exception {
        var daemon = new RawDaemon(kernel);
        for (String command : new String[] {"brun 50%", "bcull 40%", "bstop 30%", "dir /cache", "bind ondemand"}) {
            daemon.commandTaken(command);
        }
        AnonFile file = open(daemon, "a.img", 1 << 20).file();
        leave(300);
        assertEquals("ENOBUFS", tryWrite(file, 1, 0));
        leave(301);
        write(file, 1, 0);
        assertTrue(kernel.isCullingWanted());
        leave(501);
        write(file, 1, 0);
        assertFalse(kernel.isCullingWanted());
    }

    @Test
    void below_bstop_nothing_new_is_mounted_and_no_open_is_sent() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        store(daemon, "old.img");
        long opens = kernel.counters().opens();
        leave(9);
        assertMountFails("new.img");
        assertEquals(opens, kernel.counters().opens());

        RawDaemon.Opened opened = open(daemon, "old.img", 4 * BLOCK);
        assertEquals(BLOCK, opened.file().seekHole(0), "what is cached is there");
        assertEquals("ENOBUFS", tryWrite(opened.file(), 1, 1));
    }

    @Test
    void below_bstop_a_blob_of_a_new_size_is_not_replaced() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        store(daemon, "a.img");
        leave(9);
        var mount = kernel.mountAsync("a.img");
        daemon.accept(8 * BLOCK);
        assertMountFailed(mount);
        daemon.next(Message.Close.class);
        leave(999);
        assertEquals(BLOCK, open(daemon, "a.img", 4 * BLOCK).file().seekHole(0), "the old one is still there");
    }

    @Test
    void a_replaced_file_gives_its_space_back() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        store(daemon, "a.img");
        assertEquals(999 * BLOCK, kernel.disk().free());
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(8 * BLOCK).file();
        FakeMount mounted = mount.get();
        write(file, 2, 0);
        assertEquals(997 * BLOCK, kernel.disk().free(), "both exist until the new one gets its name");
        unmount(daemon, mounted);
        assertEquals(998 * BLOCK, kernel.disk().free());
    }

    @Test
    void with_bstop_0_the_disk_gets_full() throws Exception {
        var daemon = new RawDaemon(kernel);
        for (String command : new String[] {"bstop 0%", "dir /cache", "bind ondemand"}) {
            daemon.commandTaken(command);
        }
        AnonFile file = open(daemon, "a.img", 1 << 20).file();
        leave(2);
        assertEquals("ENOSPC", tryWrite(file, 3, 0));
        assertEquals(2 * BLOCK, kernel.disk().free(), "nothing of it was written");
        write(file, 2, 0);
        write(file, 1, 0);
        assertEquals("ENOSPC", tryWrite(file, 1, 2));
    }

    @Test
    void inodes_run_out_as_blocks_do() throws Exception {
        kernel = FakeKernel.builder().inodes(600).build(); // run 42, cull 30, stop 6
        RawDaemon daemon = RawDaemon.bound(kernel);
        store(daemon, "a.img"); // 258
        assertFalse(kernel.isCullingWanted());
        store(daemon, "b.img"); // 516
        assertFalse(kernel.isCullingWanted());
        long opens = kernel.counters().opens();
        assertMountFails("c.img");
        assertTrue(kernel.isCullingWanted());
        assertEquals(opens, kernel.counters().opens());
    }

    @Test
    void nothing_is_written_to_a_read_only_disk() throws Exception {
        AnonFile file = open("a.img", 1 << 20).file();
        kernel.disk().makeReadOnly();
        assertEquals("EROFS", tryWrite(file, 1, 0));
        kernel.disk().makeWritable();
        write(file, 1, 0);
    }

    @Test
    void on_a_read_only_disk_nothing_is_mounted_and_no_open_is_sent() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        store(daemon, "a.img");
        long opens = kernel.counters().opens();
        kernel.disk().makeReadOnly();
        assertMountFails("a.img");
        assertMountFails("b.img");
        assertEquals(opens, kernel.counters().opens());
    }

    @Test
    void a_new_blob_that_is_let_go_on_a_read_only_disk_ends_the_cache() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(BLOCK).file();
        FakeMount mounted = mount.get();
        kernel.disk().makeReadOnly();
        mounted.unmount();
        daemon.commandTaken("debug 0");
        daemon.next(Message.Close.class);
        assertEquals("EIO", daemon.command("debug 0"));
        assertEquals(0, daemon.readOnce());
        assertEquals(0, daemon.device.await(0));
        assertFalse(kernel.disk().holds(VolumeKey.of("erofs,a.img"), CookieKey.of("a.img")));
        file.close();
        daemon.device.close();

        var next = new RawDaemon(kernel);
        next.commandTaken("dir /cache");
        assertEquals("EROFS", next.command("bind ondemand"));
    }

    @Test
    void a_stored_blob_that_is_let_go_on_a_read_only_disk_does_not() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        store(daemon, "a.img");
        var mount = kernel.mountAsync("a.img");
        RawDaemon.Opened opened = daemon.accept(4 * BLOCK);
        FakeMount mounted = mount.get();
        kernel.disk().makeReadOnly();
        unmount(daemon, mounted);
        opened.file().close();
        daemon.commandTaken("debug 0");
    }

    @Test
    void a_write_beyond_the_largest_file_is_cut() throws Exception {
        AnonFile file = open("a.img", 0).file();
        assertEquals(BLOCK, file.pwrite(RawDaemon.memory(2 * BLOCK, 1), BackingFile.MAX_SIZE - BLOCK));
    }

    @Test
    void without_the_on_demand_mode_the_device_gives_the_state_of_the_space() throws Exception {
        leave(49);
        var daemon = new RawDaemon(kernel);
        daemon.commandTaken("dir /cache");
        daemon.commandTaken("bind");
        assertEquals(1, daemon.device.await(0), "the state has changed");
        String status = daemon.readText();
        assertTrue(status.startsWith("cull=1 frun="), status);
        assertTrue(status.endsWith(" brun=46 bcull=32 bstop=a freleased=0 breleased=0"), status);
        assertEquals(0, daemon.device.await(0));
        assertThrows(CachefilesException.class, () -> kernel.mount("a.img"));
    }

    private void leave(int blocks) {
        FakeDisk disk = kernel.disk();
        long surplus = disk.free() - (long) blocks * BLOCK;
        if (surplus > 0) {
            disk.occupy(surplus);
        } else {
            disk.release(-surplus);
        }
    }

    private RawDaemon.Opened open(String fsid, long size) throws Exception {
        return open(RawDaemon.bound(kernel), fsid, size);
    }

    private RawDaemon.Opened open(RawDaemon daemon, String fsid, long size) throws Exception {
        var mount = kernel.mountAsync(fsid);
        RawDaemon.Opened opened = daemon.accept(size);
        mount.get();
        return opened;
    }

    /** Mounts a blob of four blocks, writes the first and unmounts it. */
    private void store(RawDaemon daemon, String fsid) throws Exception {
        var mount = kernel.mountAsync(fsid);
        AnonFile file = daemon.accept(4 * BLOCK).file();
        FakeMount mounted = mount.get();
        file.size(); // attached only after the third call at the latest
        file.size();
        file.size();
        write(file, 1, 0);
        unmount(daemon, mounted);
        file.close();
    }

    private static void unmount(RawDaemon daemon, FakeMount mount) throws IOException {
        mount.unmount();
        daemon.next(Message.Close.class);
    }

    private static void write(AnonFile file, int blocks, int at) {
        assertEquals("ok", tryWrite(file, blocks, at));
    }

    private static String tryWrite(AnonFile file, int blocks, int at) {
        return RawDaemon.symbol(file.pwrite(RawDaemon.memory((long) blocks * BLOCK, 1), (long) at * BLOCK));
    }

    private void assertMountFails(String fsid) {
        var thrown = assertThrows(CachefilesException.class, () -> kernel.mount(fsid));
        assertEquals(Errno.ENOBUFS, thrown.errno());
    }

    private static void assertMountFailed(CompletableFuture<FakeMount> mount) {
        var thrown = assertThrows(ExecutionException.class, mount::get);
        assertEquals(Errno.ENOBUFS, ((CachefilesException) thrown.getCause()).errno());
    }
}
