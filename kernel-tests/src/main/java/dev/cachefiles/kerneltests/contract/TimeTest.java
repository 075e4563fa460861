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
        long warnings = warnings();
        Image image = kernel.image(4096);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.nextOpen();
        // The time must pass; a message in between would be a surprise.
        assertEquals(0, daemon.device.await(22 * SECOND));
        assertTrue(mounting.isWaiting());
        assertEquals("ok", daemon.copen(opened.message(), image.length()));
        Mount mount = daemon.mounted(mounting, image);
        assertArrayEquals(image.content(), daemon.bytes(mount.readAll(image), image));
        mount.unmount();
        assertEquals(
                opened.message().objectId(), daemon.next(Message.Close.class).objectId());
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
