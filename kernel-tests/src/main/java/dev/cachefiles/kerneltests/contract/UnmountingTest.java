// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.Errno;
import dev.cachefiles.ObjectId;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import dev.cachefiles.kerneltests.contract.RawDaemon.Opened;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What the daemon sees of umount(2), and who waits for it. */
@Contract
class UnmountingTest {
    private static final int SIZE = 100_000;

    @Test
    @Row(49)
    void a_remount_waits_until_the_close_was_read(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.accept(image.length());
        daemon.mounted(mounting, image).unmount();
        Mounting again = kernel.mount("a");
        assertStaysWaiting(again);
        assertEquals(
                opened.message().objectId(), daemon.next(Message.Close.class).objectId());
        opened.file().close();
        Mount mount = daemon.mounted(again, image);
        assertArrayEquals(image.content(), daemon.bytes(mount.readAll(image), image));
    }

    /** That nothing happens can only be watched for a while. */
    private static void assertStaysWaiting(Mounting mounting) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(500);
        assertTrue(mounting.isWaiting(), mounting.toString());
    }

    @Test
    @Row(49)
    void umount_and_mount_in_a_row_need_no_care(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image);
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        for (int i = 0; i < 5; i++) {
            Mount mount = kernel.mount("a").mounted();
            assertArrayEquals(image.content(), mount.readAll(image).bytes());
            mount.unmount();
        }
        assertEquals(5, handler.opens().size());
        assertEquals(0, daemon.troubles().size());
    }

    @Test
    @Row(50)
    void a_close_whose_fd_was_closed_before_names_no_object(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.accept(image.length());
        daemon.mounted(mounting, image).unmount();
        SdkDaemon.await(() -> (daemon.device.await(0) & DeviceFile.READABLE) != 0, "the CLOSE");
        opened.file().close();
        assertEquals(ObjectId.CLOSED.bits(), daemon.next(Message.Close.class).objectId());
        daemon.mounted(kernel.mount("a"), image);
    }

    @Test
    @Row(50)
    void a_close_that_names_no_object_is_no_trouble(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var gate = new Gate();
        gate.shut();
        var closes = new CopyOnWriteArrayList<CloseRequest>();
        var handler = new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                if (isOfContent(request)) {
                    gate.pass();
                    request.fd().close();
                }
                super.serve(request);
            }

            @Override
            public void close(CloseRequest request) {
                closes.add(request);
            }
        };
        var tap = new DeviceTap(kernel);
        SdkDaemon daemon =
                SdkDaemon.start(kernel, CachefilesChannel.open(kernel.options(), tap), handler, builder -> {});
        Mount mount = kernel.mount("a").mounted();
        Reading reading = mount.read(8192, 4096);
        gate.awaitVisitor();
        tap.holdMessages();
        reading.kill();
        mount.unmount();
        SdkDaemon.await(tap::isReadable, "the CLOSE, which no one takes yet");
        gate.open();
        SdkDaemon.await(() -> kernel.openFds() == 0, "the end of the fd");
        tap.letMessagesPass();
        SdkDaemon.await(() -> !closes.isEmpty(), "the CLOSE");
        assertEquals(ObjectId.CLOSED, closes.getFirst().objectId());
        assertTrue(closes.getFirst().object().isEmpty());
        assertEquals(0, daemon.troubles().size(), () -> daemon.troubles().toString());
        assertArrayEquals(
                image.content(0, 4096),
                kernel.mount("a").mounted().read(0, 4096).bytes());
    }

    @Test
    @Row(51)
    void a_write_after_the_close_gets_enobufs(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.accept(image.length());
        Mount mount = daemon.mounted(mounting, image);
        var written = new AtomicLong();
        CompletableFuture<Long> writer = CompletableFuture.supplyAsync(() -> {
            MemorySegment block = RawDaemon.memory(Image.BLOCK, 1);
            long offset = Image.BLOCK;
            long result = opened.file().pwrite(block, offset);
            while (result == Image.BLOCK) {
                offset += Image.BLOCK;
                written.incrementAndGet();
                result = opened.file().pwrite(block, offset % (1 << 20));
            }
            return result;
        });
        SdkDaemon.await(() -> written.get() > 0, "the first write");
        mount.unmount();
        daemon.next(Message.Close.class);
        assertEquals("ENOBUFS", RawDaemon.symbol(writer.get(60, TimeUnit.SECONDS)));
        assertEquals("ENOBUFS", RawDaemon.symbol(opened.file().file().size()));
    }

    @Test
    @Row(51)
    void a_prefetch_ends_with_the_mount(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var written = new AtomicLong();
        var end = new CompletableFuture<IOException>();
        var handler = new ImageHandler(image) {
            @Override
            public void opened(CacheObject object) {
                if (opens().size() == 1) {
                    Thread.ofPlatform().daemon().start(() -> prefetch(object));
                }
            }

            private void prefetch(CacheObject object) {
                try {
                    while (true) {
                        object.fd().write(MemorySegment.ofArray(image.bytes()), 0);
                        written.incrementAndGet();
                    }
                } catch (IOException e) {
                    end.complete(e);
                }
            }
        };
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        SdkDaemon.await(() -> written.get() > 0, "the first write");
        mount.unmount();
        IOException thrown = end.get(60, TimeUnit.SECONDS);
        assertTrue(
                thrown instanceof ClosedChannelException
                        || (thrown instanceof CachefilesException e && e.errno().equals(Errno.ENOBUFS)),
                thrown::toString);
        assertArrayEquals(
                image.content(), kernel.mount("a").mounted().readAll(image).bytes());
        assertEquals(0, handler.reads().size());
        assertEquals(0, daemon.troubles().size(), () -> daemon.troubles().toString());
    }

    @Test
    void the_close_of_an_object_waits_for_a_handler_that_still_serves_it(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(100_000);
        var closes = new CountDownLatch(1);
        var closed = new CountDownLatch(1);
        var handler = new GatedHandler(image) {
            @Override
            public void close(CloseRequest request) {
                closed.countDown();
            }
        };
        SdkDaemon.start(
                kernel,
                handler,
                builder -> builder.virtualThreads().listener(new OnDemandListener() {
                    @Override
                    public void delivered(Request request) {
                        if (request instanceof CloseRequest) {
                            closes.countDown();
                        }
                    }
                }));
        Mount mount = kernel.mount("a").mounted();
        handler.gate.shut();
        kernel.closeAtEnd(handler.gate::open);
        Reading reading = mount.read(65_536, 4096);
        handler.gate.awaitVisitor();
        reading.kill();
        mount.unmount();
        assertTrue(closes.await(60, TimeUnit.SECONDS), "no CLOSE");
        assertFalse(closed.await(200, TimeUnit.MILLISECONDS), "the handler was told while it serves a READ");
        assertEquals(1, kernel.openFds());
        handler.gate.open();
        assertTrue(closed.await(60, TimeUnit.SECONDS), "the handler was never told");
        SdkDaemon.await(() -> kernel.openFds() == 0, "the fd's end");
    }
}
