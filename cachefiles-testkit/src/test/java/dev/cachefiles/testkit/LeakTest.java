// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the owner of a channel forgets is found by the garbage collector, so that no process waits for ever. */
class LeakTest {
    private static final int SIZE = 10_000;

    private final FakeKernel kernel = FakeKernel.create();
    private final TestBlob blob = new TestBlob(SIZE);

    @AfterEach
    void nothingIsLeft() {
        KernelAssert.assertThat(kernel).isClean();
    }

    private CachefilesChannel open() throws IOException {
        return CachefilesChannel.open(Daemon.OPTIONS, kernel);
    }

    private static void collectUntil(BooleanSupplier condition) throws InterruptedException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(10)) {
                throw new AssertionError("collected garbage in vain");
            }
            System.gc();
            Thread.sleep(1); // the cleaner's thread needs its turn too
        }
    }

    // Each request has a frame of its own, so that none is kept by the stack.

    private static void drop(CachefilesChannel channel, String type) throws IOException {
        String text = String.valueOf(channel.take());
        assertEquals(type, text.substring(0, text.indexOf(' ')));
    }

    private static Accepted acceptOpen(CachefilesChannel channel) throws IOException {
        OpenRequest request = assertInstanceOf(OpenRequest.class, channel.take());
        request.accept(SIZE);
        return new Accepted(
                new WeakReference<>(request), () -> request.object().fd().close());
    }

    private record Accepted(WeakReference<Request> request, Runnable giveBack) {}

    private WeakReference<Request> serveRead(CachefilesChannel channel) throws IOException {
        ReadRequest request = assertInstanceOf(ReadRequest.class, channel.take());
        blob.read(request);
        request.complete();
        return new WeakReference<>(request);
    }

    private FakeMount mount(CachefilesChannel channel) throws Exception {
        var mounting = kernel.mountAsync("a");
        acceptOpen(channel);
        return mounting.get();
    }

    private static Errno failure(CompletableFuture<?> pending) {
        var thrown = assertThrows(ExecutionException.class, pending::get);
        return assertInstanceOf(CachefilesException.class, thrown.getCause()).errno();
    }

    @Test
    void an_open_that_is_dropped_is_refused() throws Exception {
        try (CachefilesChannel channel = open()) {
            var mounting = kernel.mountAsync("a");
            drop(channel, "OPEN");
            collectUntil(mounting::isDone);
            assertEquals(Errno.ENOBUFS, failure(mounting));
            assertEquals("copen 0,-110", kernel.commands().getLast());
            kernel.awaitOpenFds(0);
            mount(channel);
        }
    }

    @Test
    void a_re_open_that_is_dropped_is_accepted_with_its_former_size() throws Exception {
        try (CachefilesChannel channel = open()) {
            var mounting = kernel.mountAsync("a");
            acceptOpen(channel).giveBack().run();
            kernel.awaitOpenFds(0);
            var reader = mounting.get().readAsync(0, SIZE);
            drop(channel, "OPEN");
            collectUntil(() -> kernel.commands().getLast().endsWith("," + SIZE)
                    && kernel.commands().stream()
                                    .filter(command -> command.startsWith("copen"))
                                    .count()
                            == 2);
            serveRead(channel);
            assertArrayEquals(blob.bytes, reader.get());
        }
    }

    @Test
    void a_read_that_is_dropped_is_answered_without_data() throws Exception {
        try (CachefilesChannel channel = open()) {
            FakeMount mount = mount(channel);
            var reader = mount.readAsync(0, SIZE);
            drop(channel, "READ");
            collectUntil(() -> kernel.counters().reads() == 2);
            drop(channel, "READ"); // the kernel's second try
            collectUntil(reader::isDone);
            assertEquals(Errno.EIO, failure(reader));
            var again = mount.readAsync(0, SIZE);
            serveRead(channel);
            assertArrayEquals(blob.bytes, again.get());
        }
    }

    @Test
    void a_close_that_is_dropped_still_closes_its_fd() throws Exception {
        try (CachefilesChannel channel = open()) {
            mount(channel).unmount();
            drop(channel, "CLOSE");
            collectUntil(() -> kernel.openFds() == 0);
        }
    }

    @Test
    void what_was_answered_is_left_alone() throws Exception {
        try (CachefilesChannel channel = open()) {
            var mounting = kernel.mountAsync("a");
            WeakReference<Request> open = acceptOpen(channel).request();
            FakeMount mount = mounting.get();
            var reader = mount.readAsync(0, SIZE);
            WeakReference<Request> read = serveRead(channel);
            assertArrayEquals(blob.bytes, reader.get());
            collectUntil(() -> open.refersTo(null) && read.refersTo(null));
            // One that is dropped now is found by a later collection: by then, the others would have been.
            var other = kernel.mountAsync("b");
            drop(channel, "OPEN");
            collectUntil(other::isDone);
            assertEquals(
                    List.of("copen 0," + SIZE, "copen 2,-110"),
                    kernel.commands().subList(3, 5));
            assertEquals(0, kernel.counters().refusedAnswers());
            kernel.awaitOpenFds(1);
            assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        }
    }

    @Test
    void a_request_that_is_kept_is_left_alone() throws Exception {
        try (CachefilesChannel channel = open()) {
            var mounting = kernel.mountAsync("a");
            OpenRequest kept = assertInstanceOf(OpenRequest.class, channel.take());
            var other = kernel.mountAsync("b");
            drop(channel, "OPEN");
            collectUntil(other::isDone);
            kept.accept(SIZE);
            mounting.get();
        }
    }

    @Test
    void a_channel_that_is_dropped_closes_its_device() throws Exception {
        open();
        collectUntil(() -> !kernel.isDeviceBusy());
    }

    @Test
    void a_channel_that_is_dropped_closes_its_fds_too() throws Exception {
        mountAndDropChannel();
        collectUntil(() -> !kernel.isDeviceBusy());
        assertEquals(0, kernel.openFds());
    }

    private void mountAndDropChannel() throws Exception {
        mount(open());
    }

    @Test
    void a_channel_whose_owner_keeps_an_object_stays_open() throws Exception {
        keepObject();
        collectUntil(() -> !kernel.isDeviceBusy());
    }

    private void keepObject() throws Exception {
        List<CompletableFuture<FakeMount>> mounting = new ArrayList<>();
        OpenRequest request = openAndTake(mounting);
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        request.accept(SIZE);
        FakeMount mount = mounting.getFirst().get();
        request.object().fd().write(MemorySegment.ofArray(blob.bytes), 0);
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
    }

    private OpenRequest openAndTake(List<CompletableFuture<FakeMount>> mounting) throws IOException {
        CachefilesChannel channel = open();
        mounting.add(kernel.mountAsync("a"));
        return assertInstanceOf(OpenRequest.class, channel.take());
    }
}
