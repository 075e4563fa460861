// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.KernelDebug;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.kerneltests.matrix.Row;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Daemons of the library that go on with a device which another process keeps open. */
@Contract
class TakeoverTest {
    private static final int SIZE = 400_000;
    private static final List<String> NO_PRIVILEGES = List.of(
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--inh-caps=-all",
            "--bounding-set=-all",
            "--no-new-privs");

    /** The daemons have no privilege at all: they need none when another process opens the device and binds the cache. */
    @Test
    @Row({44, 63})
    @RealKernelOnly("the fake has no processes to kill")
    void the_next_daemon_answers_what_a_killed_one_has_read(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        Supervisor supervisor = Supervisor.start(
                kernel, image, NO_PRIVILEGES, PublicClassPath.create(), DaemonProcess.Fault.ANSWERS_NOT);
        Mount mount = kernel.mount("a").mounted();
        Reading read = mount.read(8192, 4096);
        supervisor.awaitStuck("READ");
        Mounting opening = kernel.mount(DaemonProcess.UNANSWERED);
        supervisor.awaitStuck("OPEN");
        Mounting unread = kernel.mount("b");
        Reading waiting = mount.read(200_000, 4096);
        supervisor.killDaemon();

        assertArrayEquals(image.content(8192, 4096), read.bytes());
        assertArrayEquals(image.content(200_000, 4096), waiting.bytes());
        assertArrayEquals(image.content(), opening.mounted().readAll(image).bytes());
        assertArrayEquals(image.content(), unread.mounted().readAll(image).bytes());
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        mount.unmount();
        Mount again = kernel.mount("a").mounted();
        assertArrayEquals(image.content(), again.readAll(image).bytes());
        assertFalse(kernel.isDeviceFree());
        assertEquals(2, supervisor.log().split("serves as 65534", -1).length - 1, supervisor.log());
    }

    @Test
    @RealKernelOnly("the fake has no log")
    void debug_reaches_the_kernel(KernelUnderTest kernel) throws Exception {
        Path mask = Path.of("/sys/module/cachefiles/parameters/debug");
        try (var channel = CachefilesChannel.open(kernel.options(), kernel.provider())) {
            channel.debug(EnumSet.of(KernelDebug.EXIT, KernelDebug.GENERAL));
            assertEquals("6", Files.readString(mask).strip());
            channel.debug(Set.of());
            assertEquals("0", Files.readString(mask).strip());
        }
    }

    @Test
    @Row(41)
    void restore_harms_no_one_that_is_being_served(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        CachefilesChannel channel = CachefilesChannel.open(kernel.options(), kernel.provider());
        var handler = new GatedHandler(image);
        SdkDaemon daemon = SdkDaemon.start(kernel, channel, handler, OnDemandServer.Builder::virtualThreads);
        Mount mount = kernel.mount("a").mounted();
        handler.gate.shut();
        Reading reading = mount.read(8192, 4096);
        handler.gate.awaitVisitor();
        assertTrue(channel.restore());
        SdkDaemon.await(() -> handler.reads().size() >= 2, "the same READ again");
        handler.gate.open();
        assertArrayEquals(image.content(8192, 4096), reading.bytes());
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        assertEquals(List.of(), daemon.readFailures());
    }
}
