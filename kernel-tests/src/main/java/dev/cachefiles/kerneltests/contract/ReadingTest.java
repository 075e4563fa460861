// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.Errno;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.kerneltests.contract.RawDaemon.Opened;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.protocol.Message;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What readers get, whatever bytes the daemon gives. */
@Contract
class ReadingTest {

    @Test
    @Row(29)
    void completing_what_is_no_read_of_the_object_has_no_effect(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(100_000);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting first = kernel.mount("one");
        Opened one = daemon.accept(image.length());
        Mount mount = daemon.mounted(first, image);
        Mounting second = kernel.mount("two");
        Opened two = daemon.accept(image.length());
        daemon.mounted(second, image);

        Reading reading = mount.read(8192, 4096);
        Message.Read read = daemon.next(Message.Read.class);
        assertEquals("EINVAL", RawDaemon.symbol(one.file().completeRead(read.messageId() + 100)), "unknown");
        assertEquals("EINVAL", RawDaemon.symbol(two.file().completeRead(read.messageId())), "of another object");
        daemon.serve(read, image);
        assertEquals("EINVAL", RawDaemon.symbol(one.file().completeRead(read.messageId())), "completed before");
        assertArrayEquals(image.content(8192, 4096), reading.bytes());
    }

    @Test
    @Row(25)
    void a_handler_that_fails_a_read_gives_eio_after_two_reads_and_heals(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(100_000);
        var broken = new AtomicBoolean(true);
        var handler = new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                if (isOfContent(request) && broken.get()) {
                    throw new IllegalStateException("backend down");
                }
                super.serve(request);
            }
        };
        SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        assertEquals(Errno.EIO, mount.read(8192, 4096).error());
        assertEquals(2, handler.reads().size());
        broken.set(false);
        assertArrayEquals(image.content(8192, 4096), mount.read(8192, 4096).bytes());
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
    }
}
