// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.Errno;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.kerneltests.contract.RawDaemon.Fd;
import dev.cachefiles.kerneltests.contract.RawDaemon.Opened;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.protocol.Message;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What readers get, whatever bytes the daemon gives. */
@Contract
class ReadingTest {
    private static final int SIZE = 100_000;
    private static final int SIGBUS = 7;

    @Test
    @Row(25)
    void a_handler_that_fails_a_read_gives_eio_after_two_reads_and_heals(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
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
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        assertEquals(Errno.EIO, mount.read(8192, 4096).error());
        SdkDaemon.await(() -> daemon.readFailures().size() == 2, "reports");
        assertEquals(2, handler.reads().size());
        broken.set(false);
        assertArrayEquals(image.content(8192, 4096), mount.read(8192, 4096).bytes());
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
    }

    @Test
    @Row(25)
    void a_handler_that_is_short_of_data_gives_eio_and_heals(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var broken = new AtomicBoolean(true);
        var handler = new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                boolean isShort = isOfContent(request) && broken.get();
                put(request, request.offset(), isShort ? request.length() - 1 : request.length());
            }
        };
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        assertEquals(Errno.EIO, mount.read(8192, 4096).error());
        SdkDaemon.await(() -> daemon.readFailures().size() == 2, "reports");
        broken.set(false);
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
    }

    @Test
    @Row(25)
    void a_read_that_is_completed_empty_is_asked_once_more(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        Reading reading = mount.read(8192, 4096);
        for (int i = 0; i < 2; i++) {
            Message.Read read = daemon.next(Message.Read.class);
            assertEquals(8192 + Image.BLOCK, read.offset());
            assertEquals(4096, read.length());
            daemon.completeEmpty(read);
        }
        assertEquals(Errno.EIO, reading.error());
        assertArrayEquals(image.content(8192, 4096), daemon.bytes(mount.read(8192, 4096), image));
    }

    @Test
    @Row(26)
    void the_first_half_of_what_was_asked_is_progress(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        int length = 65_536;
        Reading reading = mount.read(0, length);
        int reads = 0;
        for (long done = 0; done < length; ) {
            Message.Read read = daemon.next(Message.Read.class);
            assertEquals(done + Image.BLOCK, read.offset());
            long half = Math.max(4096, read.length() / 2 & -4096);
            daemon.file(read.objectId()).put(image, read.offset(), half);
            daemon.completeEmpty(read);
            done += half;
            reads++;
        }
        assertTrue(reads > 2, "READs: " + reads);
        assertArrayEquals(image.content(0, length), reading.bytes());
    }

    @Test
    @Row(26)
    void a_handler_that_gives_half_is_asked_for_the_rest(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                put(request, request.offset(), Math.max(4096, request.length() / 2 & -4096));
            }
        };
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        assertTrue(daemon.readFailures().size() > 0, "READs that were not whole");
    }

    @Test
    @Row(27)
    void the_second_half_of_what_was_asked_is_a_failure(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        Reading reading = mount.read(0, 65_536);
        while (reading.isWaiting()) {
            if (daemon.device.await(20_000_000) == 0) {
                continue;
            }
            Message.Read read = daemon.next(Message.Read.class);
            long half = read.length() / 2 & -4096;
            if (half > 0) {
                daemon.file(read.objectId()).put(image, read.offset() + half, read.length() - half);
            }
            daemon.completeEmpty(read);
        }
        assertEquals(Errno.EIO, reading.error());
        assertArrayEquals(image.content(), daemon.bytes(mount.readAll(image), image));
    }

    @Test
    @Row(28)
    void more_than_was_asked_saves_later_reads(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(1_000_000);
        var handler = new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                put(request, isOfContent(request) ? Image.BLOCK : 0, image.length());
            }
        };
        SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        assertEquals(0, handler.reads().size());
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        assertEquals(0, handler.reads().size(), "READs after the superblock's had brought all");
    }

    @Test
    @Row(29)
    void completing_what_is_no_read_of_the_object_has_no_effect(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
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
        assertTrue(reading.isWaiting());
        daemon.serve(read, image);
        assertEquals("EINVAL", RawDaemon.symbol(one.file().completeRead(read.messageId())), "completed before");
        assertArrayEquals(image.content(8192, 4096), reading.bytes());
    }

    @Test
    @Row(30)
    void of_two_who_complete_one_read_one_does(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        Reading reading = mount.read(0, 4096);
        Message.Read read = daemon.next(Message.Read.class);
        Fd fd = daemon.file(read.objectId());
        fd.put(image, read.offset(), read.length());
        var together = new CyclicBarrier(2);
        Callable<String> complete = () -> {
            together.await();
            return RawDaemon.symbol(fd.completeRead(read.messageId()));
        };
        List<String> results = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (Future<String> result : threads.invokeAll(List.of(complete, complete))) {
                results.add(result.get());
            }
        }
        assertEquals(List.of("EINVAL", "ok"), results.stream().sorted().toList());
        assertArrayEquals(image.content(0, 4096), reading.bytes());
    }

    @Test
    @Row(30)
    void the_library_answers_a_read_once(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var refused = new ArrayList<Throwable>();
        var handler = new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                super.serve(request);
                assertTrue(request.complete());
                refused.add(assertThrows(IllegalStateException.class, request::complete));
                refused.add(assertThrows(IllegalStateException.class, request::fail));
            }
        };
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(0, 4096), mount.read(0, 4096).bytes());
        SdkDaemon.await(() -> refused.size() == 4, "both READs to be refused twice");
        assertEquals(0, daemon.readFailures().size());
    }

    @Test
    @Row(31)
    void four_threads_serve_sixty_readers_and_no_message_comes_twice(KernelUnderTest kernel) throws Exception {
        int readers = 60;
        int length = 8192;
        int stride = 2 * length; // none goes on where another has ended
        Image image = kernel.image(readers * stride);
        var handler = new ImageHandler(image);
        SdkDaemon daemon = SdkDaemon.start(kernel, handler, builder -> builder.threads(4));
        Mount mount = kernel.mount("a").mounted();
        List<Long> offsets =
                LongStream.range(0, readers).mapToObj(i -> i * stride).toList();
        List<Reading> readings = mount.readEach(offsets, length);
        for (int i = 0; i < readers; i++) {
            assertArrayEquals(
                    image.content(offsets.get(i), length), readings.get(i).bytes(), "reader " + i);
        }
        List<ReadRequest> reads = handler.reads();
        assertEquals(readers, reads.size());
        assertEquals(
                reads.size(), reads.stream().map(ReadRequest::id).distinct().count());
        assertEquals(0, daemon.readFailures().size());
        assertEquals(0, daemon.troubles().size());
    }

    @Test
    @Row(32)
    void equal_ranges_can_be_completed_in_any_order(KernelUnderTest kernel) throws Exception {
        Image image = kernel.imageOfTriplets(4096);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        List<Reading> readings = new ArrayList<>();
        List<Message.Read> reads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            readings.add(mount.readTriplet(i, 0, 4096));
            reads.add(daemon.next(Message.Read.class));
            assertEquals(Image.BLOCK, reads.get(i).offset());
            assertEquals(4096, reads.get(i).length());
        }
        for (Message.Read read : reads.reversed()) {
            daemon.serve(read, image);
        }
        for (Reading reading : readings) {
            assertArrayEquals(image.content(), reading.bytes());
        }
    }

    @Test
    @Row(33)
    void a_reader_that_dies_takes_its_read_back(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        RawDaemon daemon = RawDaemon.bound(kernel);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        for (boolean gently : new boolean[] {false, true}) {
            Reading reading = mount.read(0, 4096);
            Message.Read read = daemon.next(Message.Read.class);
            if (gently) {
                reading.terminate();
            } else {
                reading.kill();
            }
            daemon.file(read.objectId()).put(image, read.offset(), read.length());
            assertEquals("EINVAL", RawDaemon.symbol(daemon.file(read.objectId()).completeRead(read.messageId())));
            mount.unmount();
            daemon.closed(daemon.next(Message.Close.class));
            mount = daemon.mounted(kernel.mount(gently ? "c" : "b"), image);
        }
        assertArrayEquals(image.content(), daemon.bytes(mount.readAll(image), image));
    }

    @Test
    @Row(33)
    void the_library_does_not_mind_a_reader_that_dies(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new GatedHandler(image);
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        Mount mount = kernel.mount("a").mounted();
        handler.gate.shut();
        Reading reading = mount.read(0, 4096);
        handler.gate.awaitVisitor();
        reading.kill();
        handler.gate.open();
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        assertEquals(0, daemon.readFailures().size());
        assertEquals(0, daemon.troubles().size());
    }

    @Test
    @Row(34)
    @RealKernelOnly("the fake has no mappings")
    void a_mapped_reader_of_an_empty_completion_gets_a_sigbus(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var broken = new AtomicBoolean(true);
        SdkDaemon.start(kernel, new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                if (!isOfContent(request) || !broken.get()) {
                    super.serve(request);
                }
            }
        });
        Mount mount = kernel.mount("a").mounted();
        assertEquals(SIGBUS, mount.readMapped(8192, 4096).awaitKilled());
        broken.set(false);
        assertArrayEquals(
                image.content(8192, 4096), mount.readMapped(8192, 4096).bytes());
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
    }
}
