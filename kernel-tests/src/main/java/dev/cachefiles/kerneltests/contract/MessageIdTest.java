// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.MessageId;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.kerneltests.contract.RawDaemon.Opened;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.protocol.Message;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ids of messages are 32 bits without a meaning. */
@Contract
class MessageIdTest {
    private static final int SIZE = 100_000;
    private static final String TOO_MANY = "it takes 2^32 requests";

    @Test
    @Row(65)
    @FakeKernelOnly(value = TOO_MANY, firstMessageId = -3)
    void ids_wrap_to_zero(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.accept(image.length());
        assertEquals(-3, opened.message().messageId());
        Mount mount = daemon.mounted(mounting, image);
        Reading first = mount.read(8192, 4096);
        Message.Read last = daemon.next(Message.Read.class);
        assertEquals(-1, last.messageId());
        Reading second = mount.read(16_384, 4096);
        Message.Read zero = daemon.next(Message.Read.class);
        assertEquals(0, zero.messageId());
        daemon.serve(zero, image);
        daemon.serve(last, image);
        assertArrayEquals(image.content(8192, 4096), first.bytes());
        assertArrayEquals(image.content(16_384, 4096), second.bytes());
    }

    @Test
    @Row(65)
    @FakeKernelOnly(value = TOO_MANY, firstMessageId = -3)
    void a_handler_serves_across_the_wrap(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image);
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        for (int offset = 8192; offset < SIZE - Image.BLOCK; offset += 4 * Image.BLOCK) {
            assertArrayEquals(
                    image.content(offset, Image.BLOCK),
                    mount.read(offset, Image.BLOCK).bytes());
        }
        mount.unmount();
        kernel.mount("a").mounted();
        assertEquals(new MessageId(-3), handler.opens().getFirst().id());
        assertTrue(handler.reads().stream()
                .map(ReadRequest::id)
                .toList()
                .containsAll(List.of(new MessageId(-1), new MessageId(0), new MessageId(1))));
        assertEquals(2, handler.opens().size());
        assertEquals(0, daemon.troubles().size());
    }
}
