// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.AsyncOnDemandHandler;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.Concurrency;
import dev.cachefiles.Errno;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each way of running handlers serves, and what a loop of one's own drops is answered. */
@Contract
class ModesTest {
    private static final int SIZE = 300_000;

    /** The ways. */
    enum Way {
        DIRECT,
        TWO_DEVICE_THREADS,
        VIRTUAL,
        EXECUTOR,
        ASYNC,
        PER_OBJECT,
        SERIAL,
        FEW_AT_A_TIME;

        private void set(OnDemandServer.Builder builder, ImageHandler handler) {
            switch (this) {
                case DIRECT -> {}
                case TWO_DEVICE_THREADS -> builder.threads(2);
                case VIRTUAL -> builder.virtualThreads();
                case EXECUTOR ->
                    builder.executor(task ->
                            Thread.ofPlatform().name("executor").daemon().start(task));
                case ASYNC -> builder.asyncHandler(new Async(handler));
                case PER_OBJECT -> builder.virtualThreads().concurrency(Concurrency.PER_OBJECT);
                case SERIAL -> builder.virtualThreads().concurrency(Concurrency.SERIAL);
                case FEW_AT_A_TIME -> builder.virtualThreads().maxRequests(2).maxBytes(4096);
            }
        }
    }

    /** Answers later, from another thread. */
    private record Async(ImageHandler handler) implements AsyncOnDemandHandler {
        @Override
        public CompletionStage<Long> open(OpenRequest request) {
            return CompletableFuture.supplyAsync(() -> {
                try {
                    return handler.open(request);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
        }

        @Override
        public CompletionStage<?> read(ReadRequest request) {
            return CompletableFuture.runAsync(() -> {
                try {
                    handler.read(request);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void readers_of_two_mounts_get_their_bytes(Way way, KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image);
        SdkDaemon daemon = SdkDaemon.start(kernel, handler, builder -> way.set(builder, handler));
        List<Mount> mounts =
                List.of(kernel.mount("a").mounted(), kernel.mount("b").mounted());
        List<Long> offsets = List.of(0L, 4096L, 65_536L, 200_704L);
        List<Reading> readings = new ArrayList<>();
        for (Mount mount : mounts) {
            readings.addAll(mount.readEach(offsets, 4096));
        }
        for (int i = 0; i < readings.size(); i++) {
            assertArrayEquals(
                    image.content(offsets.get(i % offsets.size()), 4096),
                    readings.get(i).bytes());
        }
        for (Mount mount : mounts) {
            assertArrayEquals(image.content(), mount.readAll(image).bytes());
            mount.unmount();
        }
        assertEquals(List.of(), daemon.readFailures());
        assertEquals(List.of(), daemon.troubles());
    }

    @Test
    void a_slow_object_does_not_starve_another(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var released = new CountDownLatch(1);
        var handler = new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                if (isOfContent(request)
                        && request.object().cookie().text().orElseThrow().equals("slow")) {
                    try {
                        released.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }
                super.serve(request);
            }
        };
        SdkDaemon.start(
                kernel,
                handler,
                builder -> builder.virtualThreads()
                        .concurrency(Concurrency.PER_OBJECT)
                        .maxRequests(2));
        kernel.closeAtEnd(released::countDown);
        Mount slow = kernel.mount("slow").mounted();
        Mount quick = kernel.mount("quick").mounted();
        List<Reading> held = List.of(slow.read(0, 4096), slow.read(65_536, 4096), slow.read(131_072, 4096));
        SdkDaemon.await(() -> !handler.reads().isEmpty(), "the slow object's READ");
        assertArrayEquals(image.content(), quick.readAll(image).bytes());
        assertTrue(held.stream().allMatch(Reading::isWaiting));
        released.countDown();
        for (Reading reading : held) {
            assertEquals(4096, reading.bytes().length);
        }
    }

    @Test
    void a_read_that_a_loop_of_ones_own_drops_is_answered_without_data(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image);
        CachefilesChannel channel = CachefilesChannel.open(kernel.options(), kernel.provider());
        kernel.closeAtEnd(channel);
        Mounting mounting = kernel.mount("a");
        while (mounting.isWaiting()) {
            serveOrDrop(channel, handler);
        }
        Reading reading = mounting.mounted().read(65_536, 4096);
        while (reading.isWaiting()) {
            serveOrDrop(channel, handler);
            System.gc();
        }
        assertEquals(Errno.EIO, reading.error());
    }

    /** Takes the next request, if there is one soon, and forgets it if it is a READ of content. */
    private static void serveOrDrop(CachefilesChannel channel, ImageHandler handler) throws IOException {
        Request request = channel.poll(Duration.ofMillis(50));
        if (request instanceof OpenRequest open) {
            open.accept(handler.open(open));
        } else if (request instanceof ReadRequest read && !ImageHandler.isOfContent(read)) {
            handler.read(read);
            read.complete();
        } else if (request instanceof CloseRequest close) {
            close.complete();
        }
    }
}
