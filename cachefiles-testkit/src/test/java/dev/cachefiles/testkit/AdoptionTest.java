// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.DeviceFd;
import dev.cachefiles.Errno;
import dev.cachefiles.KernelDebug;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A daemon that goes on with the device of one that was killed. */
class AdoptionTest extends DaemonTest {
    private static final int SIZE = 100_000;

    private final Blockade blob = new Blockade(SIZE, Blockade.NONE, true);

    private CachefilesChannel adopt(InheritedFds supervisor) throws Exception {
        return CachefilesChannel.adopt(Daemon.OPTIONS, supervisor.deviceFd(), kernel);
    }

    private CachefilesException refusal(InheritedFds supervisor) {
        return assertThrows(CachefilesException.class, () -> adopt(supervisor));
    }

    @Test
    void readers_and_mounts_notice_nothing() throws Exception {
        Daemon first = start(blob, OnDemandServer.Builder::virtualThreads);
        FakeMount mount = kernel.mount("a");
        assertArrayEquals(blob.range(0, 4096), mount.read(0, 4096));
        blob.holds = ReadRequest.class;
        CompletableFuture<byte[]> reader = mount.readAsync(50_000, 4096);
        blob.awaitHeld(1);
        blob.holds = OpenRequest.class;
        CompletableFuture<FakeMount> mounting = kernel.mountAsync("b");
        blob.awaitHeld(1);
        try (InheritedFds supervisor = kernel.process().inheritDevice()) {
            kernel.process().kill();
            blob.lift();
            first.server.close();
            assertFalse(reader.isDone());
            assertFalse(mounting.isDone());
            int bound = kernel.commands().size();

            CachefilesChannel channel = adopt(supervisor);
            assertEquals(
                    List.of("alive", "inuse .adopted", "restore"),
                    kernel.commands().subList(bound, kernel.commands().size()));
            var server = OnDemandServer.builder(channel).handler(blob).start();
            assertArrayEquals(blob.range(50_000, 4096), reader.get());
            assertArrayEquals(blob.bytes, mounting.get().read(0, SIZE));
            assertArrayEquals(blob.bytes, mount.read(0, SIZE));
            mount.unmount();
            mounting.get().unmount();
            kernel.awaitOpenFds(0);
            server.close();
            assertTrue(kernel.isDeviceBusy(), "the supervisor has it");
        }
        assertFalse(kernel.isDeviceBusy());
    }

    @Test
    void a_device_that_nobody_has_bound_is_bound() throws Exception {
        var device = kernel.open(Daemon.OPTIONS.device());
        InheritedFds supervisor = kernel.process().inheritDevice();
        device.close();
        try (CachefilesChannel channel = adopt(supervisor)) {
            assertTrue(kernel.commands().contains("bind ondemand"));
            assertTrue(channel.isOpen());
        }
        supervisor.close();
    }

    @Test
    void what_cannot_go_on_is_refused_and_given_back() throws Exception {
        var unknown = assertThrows(
                CachefilesException.class, () -> CachefilesChannel.adopt(Daemon.OPTIONS, new DeviceFd(7), kernel));
        assertEquals(Errno.EBADF, unknown.errno());

        RawDaemon classic = new RawDaemon(kernel.open(Daemon.OPTIONS.device()));
        classic.commandTaken("dir /cache");
        classic.commandTaken("bind");
        InheritedFds supervisor = kernel.process().inheritDevice();
        classic.device.close();
        CachefilesException notOnDemand = refusal(supervisor);
        assertEquals(Errno.EOPNOTSUPP, notOnDemand.errno());
        assertTrue(notOnDemand.cure().orElse("").contains("close it everywhere"), notOnDemand.getMessage());
        supervisor.close();
        assertFalse(kernel.isDeviceBusy());

        RawDaemon dead = RawDaemon.bound(kernel);
        supervisor = kernel.process().inheritDevice();
        dead.device.close();
        kernel.disk().fail();
        CachefilesException died = refusal(supervisor);
        assertEquals(Errno.EIO, died.errno());
        assertTrue(died.cure().orElse("").contains("is dead"), died.getMessage());
        supervisor.close();
        assertFalse(kernel.isDeviceBusy());
    }

    @Test
    void a_set_up_that_has_failed_halfway_is_refused() throws Exception {
        RawDaemon halfway = new RawDaemon(kernel.open(Daemon.OPTIONS.device()));
        halfway.commandTaken("dir /elsewhere");
        InheritedFds supervisor = kernel.process().inheritDevice();
        halfway.device.close();
        CachefilesException exception = refusal(supervisor);
        assertEquals(Errno.EEXIST, exception.errno());
        assertTrue(exception.cure().orElse("").contains("open it anew"), exception.getMessage());
        supervisor.close();
    }

    @Test
    void debug_sets_the_points_that_are_written() throws Exception {
        try (CachefilesChannel channel = CachefilesChannel.open(Daemon.OPTIONS, kernel)) {
            channel.debug(EnumSet.of(KernelDebug.ENTRY, KernelDebug.GENERAL));
            channel.debug(EnumSet.allOf(KernelDebug.class));
            channel.debug(Set.of());
        }
        List<String> commands = kernel.commands();
        assertEquals(List.of("debug 5", "debug 7", "debug 0"), commands.subList(commands.size() - 3, commands.size()));
    }
}
