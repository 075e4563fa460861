// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.SystemCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A daemon that becomes another user. */
@Contract
class PrivilegesTest {
    private static final int SIZE = 100_000;
    private static final int NOBODY = 65_534;

    @Test
    @Row(63)
    @RealKernelOnly("the fake has no users")
    void a_daemon_without_privileges_serves_on(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        CachefilesChannel channel = CachefilesChannel.open(kernel.options(), kernel.provider());
        kernel.closeAtEnd(channel);
        var drop = new AtomicBoolean();
        var end = new CompletableFuture<String>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                serve(channel, image, drop);
                end.complete(identity());
            } catch (Throwable t) {
                end.completeExceptionally(t);
            }
        });
        // First each kind of request with privileges, so that all classes are loaded: nobody may not read where they
        // are.
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(0, 4096), mount.read(0, 4096).bytes());
        mount.unmount();
        mount = kernel.mount("a").mounted();
        drop.set(true);
        channel.wakeup();

        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        mount.unmount();
        mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        drop.set(false);
        channel.wakeup();
        String identity = end.get(60, TimeUnit.SECONDS);
        assertTrue(identity.contains("Uid:\t65534\t65534\t65534"), identity);
        assertTrue(identity.contains("CapEff:\t0000000000000000"), identity);
    }

    private static String identity() throws IOException {
        return Files.readString(Path.of("/proc/thread-self/status"));
    }

    /** Serves; at the first wake-up becomes nobody, at the second returns. */
    private static void serve(CachefilesChannel channel, Image image, AtomicBoolean drop) throws IOException {
        var handler = new ImageHandler(image);
        boolean dropped = false;
        while (true) {
            switch (channel.take()) {
                case OpenRequest open -> open.accept(handler.open(open));
                case ReadRequest read -> {
                    handler.read(read);
                    assertTrue(read.complete());
                }
                case CloseRequest close -> {
                    handler.close(close);
                    close.complete();
                }
                case null -> {
                    if (drop.get() && !dropped) {
                        identity();
                        assertEquals(0, SystemCall.becomeUser(NOBODY));
                        dropped = true;
                    } else if (!drop.get() && dropped) {
                        return;
                    }
                }
            }
        }
    }
}
