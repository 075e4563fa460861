// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.kerneltests.contract.RawDaemon.Opened;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.protocol.Message;
import org.junit.jupiter.api.Test;

/** The kernel waits for a daemon as long as it takes. */
@Contract
class TimeTest {
    private static final long SECOND = 1_000_000_000L;

    @Test
    @Row(35)
    @RealKernelOnly("the fake ends a wait that lasts, by its patience: there it is a mistake of the test")
    void an_open_that_is_answered_after_22_seconds_lets_the_mount_succeed(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(4096);
        RawDaemon daemon = RawDaemon.bound(kernel);
        // Of a blob that is not cached yet, the kernel waits in another place, and does not warn.
        Mount first = daemon.mounted(kernel.mount("a"), image);
        assertArrayEquals(image.content(), daemon.bytes(first.readAll(image), image));
        first.unmount();
        daemon.closed(daemon.next(Message.Close.class));

        long warnings = warnings();
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.nextOpen();
        assertEquals(0, daemon.device.await(22 * SECOND), "the time must pass, and no message comes");
        assertTrue(mounting.isWaiting());
        assertEquals("ok", daemon.copen(opened.message(), image.length()));
        Mount mount = daemon.mounted(mounting, image);
        assertArrayEquals(image.content(), daemon.bytes(mount.readAll(image), image));
        assertEquals(warnings + 1, warnings());
    }

    private static long warnings() {
        return Shell.run("dmesg")
                .orThrow()
                .lines()
                .filter(line -> line.contains("cookie state change wait timed out"))
                .count();
    }
}
