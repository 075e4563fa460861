// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.ffm.libc.LibC;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.OpenFiles;
import dev.cachefiles.kerneltests.support.SystemCall;
import dev.cachefiles.protocol.Message;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a daemon learns that there is something to read. */
@Contract
class PollingTest {
    private static final int SIZE = 400_000;

    @Test
    @Row(62)
    @RealKernelOnly("the spi has no epoll: the library's poll is level-triggered")
    void an_edge_triggered_epoll_tells_of_a_message_once(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        int device = OpenFiles.of(CacheOptions.DEFAULT_DEVICE.toString()).getFirst();
        long epoll = SystemCall.edgeTriggered(device);
        assertTrue(epoll >= 0);
        try {
            Reading first = mount.read(8192, 4096);
            assertEquals(1, SystemCall.awaitEvent(epoll, 60_000));
            Reading second = mount.read(200_000, 4096);
            assertEquals(1, SystemCall.awaitEvent(epoll, 60_000));
            Message.Read one = daemon.next(Message.Read.class);
            assertEquals(0, SystemCall.awaitEvent(epoll, 200), "one is left, and nothing tells of it");
            Message.Read other = daemon.next(Message.Read.class);
            assertNotEquals(one.messageId(), other.messageId());
            assertEquals(0, daemon.readOnce());
            daemon.serve(one, image);
            daemon.serve(other, image);
            assertArrayEquals(image.content(8192, 4096), first.bytes());
            assertArrayEquals(image.content(200_000, 4096), second.bytes());
        } finally {
            LibC.close((int) epoll);
        }
    }

    @Test
    @Row(62)
    void messages_that_came_while_the_only_thread_was_busy_are_all_served(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var gate = new Gate();
        gate.shut();
        var handler = new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                if (isOfContent(request)) {
                    gate.pass();
                }
                super.serve(request);
            }
        };
        SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        List<Reading> readings = new ArrayList<>();
        readings.add(mount.read(0, 4096));
        gate.awaitVisitor();
        for (int i = 1; i < 5; i++) {
            readings.add(mount.read(i * 65_536L, 4096));
        }
        gate.open();
        for (int i = 0; i < readings.size(); i++) {
            assertArrayEquals(image.content(i * 65_536L, 4096), readings.get(i).bytes());
        }
    }
}
