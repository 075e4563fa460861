// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.kerneltests.contract.RawDaemon.Opened;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.protocol.Message;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Objects whose fd is gone while they are mounted, and messages that are delivered again. */
@Contract
class ReopeningTest {
    private static final int SIZE = 100_000;

    @Test
    @Row(37)
    void a_miss_after_the_fd_was_closed_opens_the_object_again(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened first = daemon.accept(image.length());
        Mount mount = daemon.mounted(mounting, image);
        first.file().close();

        Reading reading = mount.read(8192, 4096);
        Opened again = daemon.accept(image.length());
        assertNotEquals(first.message().objectId(), again.message().objectId());
        assertNotEquals(first.message().messageId(), again.message().messageId());
        assertEquals(first.message().cookie(), again.message().cookie());
        Message.Read read = daemon.next(Message.Read.class);
        assertEquals(again.message().objectId(), read.objectId());
        daemon.serve(read, image);
        assertArrayEquals(image.content(8192, 4096), reading.bytes());
    }

    @Test
    @Row(37)
    void an_fd_that_is_given_back_comes_again_with_the_next_miss(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var reopens = new CopyOnWriteArrayList<Boolean>();
        var handler = new ImageHandler(image) {
            @Override
            public long open(OpenRequest request) throws IOException {
                reopens.add(request.isReopen());
                return super.open(request);
            }
        };
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        handler.opens().getFirst().object().fd().close();
        SdkDaemon.await(() -> hasNoFd(kernel), "the end of the fd");
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        assertEquals(List.of(false, true), reopens);
        assertEquals(1, kernel.openFds());
        assertEquals(0, daemon.troubles().size());
    }

    @Test
    @Row(38)
    void restore_delivers_a_read_again_whose_fd_was_closed(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened first = daemon.accept(image.length());
        Mount mount = daemon.mounted(mounting, image);
        Reading reading = mount.read(8192, 4096);
        Message.Read read = daemon.next(Message.Read.class);
        first.file().close();
        assertEquals(0, daemon.device.await(50_000_000), "the READ is not forgotten, but nobody is told");

        daemon.commandTaken("restore");
        assertEquals(0, daemon.readOnce());
        Opened again = daemon.accept(image.length());
        assertNotEquals(first.message().objectId(), again.message().objectId());
        Message.Read second = daemon.next(Message.Read.class);
        assertEquals(read.messageId(), second.messageId());
        assertEquals(again.message().objectId(), second.objectId());
        daemon.serve(second, image);
        assertArrayEquals(image.content(8192, 4096), reading.bytes());
    }

    @Test
    @Row(38)
    void an_fd_that_is_given_back_within_a_read_closes_after_its_answer(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                if (isOfContent(request)) {
                    request.fd().close();
                }
                super.serve(request);
            }
        };
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(8192, 4096), mount.read(8192, 4096).bytes());
        assertArrayEquals(image.content(40_960, 4096), mount.read(40_960, 4096).bytes());
        assertEquals(2, handler.opens().size());
        SdkDaemon.await(() -> hasNoFd(kernel), "the end of the fd");
        assertEquals(0, daemon.readFailures().size());
        assertEquals(0, daemon.troubles().size());
    }

    private static boolean hasNoFd(KernelUnderTest kernel) {
        return kernel.openFds() == 0;
    }

    @Test
    @Row(39)
    void a_reopen_that_is_refused_comes_again_and_again(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened first = daemon.accept(image.length());
        Mount mount = daemon.mounted(mounting, image);
        first.file().close();
        Reading reading = mount.read(8192, 4096);
        for (int i = 0; i < 20; i++) {
            Opened refused = daemon.nextOpen();
            assertEquals("ok", daemon.copen(refused.message(), -Errno.EIO.number()));
            refused.file().close();
        }
        assertTrue(reading.isWaiting(), "the READ is not failed");
        daemon.accept(image.length());
        daemon.completeEmpty(daemon.next(Message.Read.class));
        daemon.completeEmpty(daemon.next(Message.Read.class));
        assertEquals(Errno.EIO, reading.error());
    }

    @Test
    @Row(39)
    void a_handler_that_fails_a_reopen_gives_eio_and_no_loop(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var broken = new AtomicBoolean();
        var handler = new ImageHandler(image) {
            @Override
            public long open(OpenRequest request) throws IOException {
                long size = super.open(request);
                failIfBroken();
                return size;
            }

            @Override
            protected void serve(ReadRequest request) throws IOException {
                failIfBroken();
                super.serve(request);
            }

            private void failIfBroken() throws IOException {
                if (broken.get()) {
                    throw new IOException("backend down");
                }
            }
        };
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        broken.set(true);
        handler.opens().getFirst().object().fd().close();
        assertEquals(Errno.EIO, mount.read(8192, 4096).error());
        assertEquals(1, daemon.openFailures().size());
        long opens = handler.opens().size();
        broken.set(false);
        assertArrayEquals(image.content(8192, 4096), mount.read(8192, 4096).bytes());
        assertTrue(handler.opens().size() <= opens + 1, handler.opens().toString());
    }

    @Test
    @Row(40)
    void restore_fails_an_open_whose_fd_is_open(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened first = daemon.nextOpen();
        daemon.commandTaken("restore");
        assertEquals("EEXIST", RawDaemon.symbol(daemon.readOnce()));
        assertTrue(Set.of(Errno.ENOBUFS, Errno.EIO).contains(mounting.error()));
        assertEquals("EINVAL", daemon.copen(first.message(), image.length()), "the OPEN has ended");
        first.file().close();
        daemon.mounted(kernel.mount("a"), image);
    }

    @Test
    @Row(40)
    void restore_delivers_an_open_again_whose_fd_was_closed(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened first = daemon.nextOpen();
        first.file().close();
        daemon.commandTaken("restore");
        Opened again = daemon.accept(image.length());
        assertEquals(first.message().messageId(), again.message().messageId());
        assertNotEquals(first.message().objectId(), again.message().objectId());
        Mount mount = daemon.mounted(mounting, image);
        assertArrayEquals(image.content(0, 100), daemon.bytes(mount.read(0, 100), image));
    }

    @Test
    @Row(41)
    void restore_delivers_a_read_twice_that_is_being_served(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        Reading reading = mount.read(8192, 4096);
        Message.Read read = daemon.next(Message.Read.class);
        daemon.commandTaken("restore");
        assertEquals(read, daemon.next(Message.Read.class));
        daemon.serve(read, image);
        assertEquals("EINVAL", RawDaemon.symbol(daemon.file(read.objectId()).completeRead(read.messageId())));
        assertArrayEquals(image.content(8192, 4096), reading.bytes());
    }

    @Test
    @Row(41)
    void a_read_that_comes_twice_is_served_twice_and_answered_once(KernelUnderTest kernel) throws Exception {
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
        var tap = new DeviceTap(kernel);
        SdkDaemon daemon = SdkDaemon.start(
                kernel, CachefilesChannel.open(kernel.options(), tap), handler, builder -> builder.threads(2));
        Mount mount = kernel.mount("a").mounted();
        Reading reading = mount.read(8192, 4096);
        gate.awaitVisitor();
        tap.command("restore");
        SdkDaemon.await(() -> handler.reads().size() == 2, "the second delivery");
        assertFalse(tap.isReadable());
        gate.open();
        assertArrayEquals(image.content(8192, 4096), reading.bytes());
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        assertEquals(handler.reads().get(0).id(), handler.reads().get(1).id());
        assertEquals(0, daemon.readFailures().size());
        assertEquals(0, daemon.troubles().size());
    }
}
