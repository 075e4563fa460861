// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.AsyncOnDemandHandler;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.Concurrency;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where handlers run, how many at a time, and in which order. */
class ConcurrencyTest extends DaemonTest {
    private static final int SIZE = 40_000;

    /** Counts how many calls there are at a time: in all, for each object, and of bytes. */
    private static final class Counting extends TestBlob {
        final AtomicInteger most = new AtomicInteger();
        final AtomicInteger mostOfOne = new AtomicInteger();
        final AtomicLong mostBytes = new AtomicLong();
        private final AtomicInteger all = new AtomicInteger();
        private final AtomicLong bytesNow = new AtomicLong();
        private final Map<Object, AtomicInteger> each = new ConcurrentHashMap<>();

        Counting() {
            super(SIZE);
        }

        private interface Call {
            void run() throws IOException;
        }

        private void count(Object object, long length, Call call) throws IOException {
            AtomicInteger one = each.computeIfAbsent(object, key -> new AtomicInteger());
            most.accumulateAndGet(all.incrementAndGet(), Math::max);
            mostOfOne.accumulateAndGet(one.incrementAndGet(), Math::max);
            mostBytes.accumulateAndGet(bytesNow.addAndGet(length), Math::max);
            try {
                LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(300_000));
                call.run();
            } finally {
                all.decrementAndGet();
                one.decrementAndGet();
                bytesNow.addAndGet(-length);
            }
        }

        @Override
        public long open(OpenRequest request) throws IOException {
            count(request.object(), 0, () -> {});
            return super.open(request);
        }

        @Override
        public void read(ReadRequest request) throws IOException {
            count(request.object(), request.length(), () -> super.read(request));
        }

        @Override
        public void close(CloseRequest request) throws IOException {
            count(request.object().orElseThrow(), 0, () -> super.close(request));
        }
    }

    /** Many readers of several blobs. */
    private void readAll(TestBlob blob) throws Exception {
        List<FakeMount> mounts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            mounts.add(kernel.mount("image" + i));
        }
        List<CompletableFuture<byte[]>> readers = new ArrayList<>();
        for (FakeMount mount : mounts) {
            for (int at = 0; at < SIZE; at += 4096) {
                readers.add(mount.readAsync(at, Math.min(4096, SIZE - at)));
            }
        }
        int at = 0;
        for (CompletableFuture<byte[]> reader : readers) {
            assertArrayEquals(blob.range(at, Math.min(4096, SIZE - at)), reader.get());
            at = at + 4096 < SIZE ? at + 4096 : 0;
        }
        for (FakeMount mount : mounts) {
            mount.unmount();
        }
        kernel.awaitOpenFds(0);
    }

    @ParameterizedTest
    @EnumSource
    void serial_is_one_call_at_a_time(Mode mode) throws Exception {
        var blob = new Counting();
        start(blob, builder -> mode.set(builder.concurrency(Concurrency.SERIAL), blob));
        readAll(blob);
        assertEquals(1, blob.most.get());
    }

    @ParameterizedTest
    @EnumSource
    void per_object_is_one_call_for_each_object_at_a_time(Mode mode) throws Exception {
        var blob = new Counting();
        start(blob, builder -> mode.set(builder.concurrency(Concurrency.PER_OBJECT), blob));
        readAll(blob);
        assertEquals(1, blob.mostOfOne.get());
    }

    @Test
    void per_object_serves_several_objects_at_a_time() throws Exception {
        var blob = new Blockade(SIZE, ReadRequest.class, true);
        start(blob, builder -> builder.concurrency(Concurrency.PER_OBJECT));
        var first = kernel.mount("a").readAsync(0, SIZE);
        var second = kernel.mount("b").readAsync(0, SIZE);
        blob.awaitHeld(2);
        blob.lift();
        assertArrayEquals(blob.bytes, first.get());
        assertArrayEquals(blob.bytes, second.get());
    }

    @ParameterizedTest
    @EnumSource
    void parallel_serves_one_object_several_times_at_a_time(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, ReadRequest.class, true);
        Daemon daemon = start(blob, builder -> mode.set(builder, blob));
        FakeMount mount = kernel.mount("a");
        var first = mount.readAsync(0, 10);
        var second = mount.readAsync(8192, 10);
        blob.awaitHeld(2);
        assertEquals(2, daemon.server.status().running());
        assertEquals(8192, daemon.server.status().bytes());
        blob.lift();
        first.get();
        second.get();
        await(() -> daemon.server.status().running() == 0);
    }

    @ParameterizedTest
    @EnumSource
    void no_more_requests_are_served_at_a_time_than_allowed(Mode mode) throws Exception {
        var blob = new Counting();
        Daemon daemon = start(blob, builder -> mode.set(builder.maxRequests(2), blob));
        readAll(blob);
        assertTrue(blob.most.get() <= 2, "at a time: " + blob.most);
        await(() -> daemon.server.status().running() == 0);
        assertEquals(0, daemon.server.status().waiting());
        assertEquals(0, daemon.server.status().bytes());
    }

    @ParameterizedTest
    @EnumSource
    void no_more_bytes_are_fetched_at_a_time_than_allowed(Mode mode) throws Exception {
        kernel = FakeKernel.builder().readAhead(4096).build();
        var blob = new Counting();
        start(blob, builder -> mode.set(builder.maxBytes(3 * 4096), blob));
        readAll(blob);
        assertTrue(blob.mostBytes.get() <= 3 * 4096, "at a time: " + blob.mostBytes);
    }

    @ParameterizedTest
    @EnumSource
    void a_read_that_is_larger_than_allowed_is_served_alone(Mode mode) throws Exception {
        kernel = FakeKernel.builder().readAhead(4096).build();
        var blob = new Counting();
        start(blob, builder -> mode.set(builder.maxBytes(1), blob));
        readAll(blob);
        assertEquals(4096, blob.mostBytes.get());
    }

    @Test
    void a_device_thread_that_is_held_up_is_replaced() throws Exception {
        var blob = new Blockade(SIZE, ReadRequest.class, true);
        start(blob);
        var held = kernel.mount("a").readAsync(0, SIZE);
        blob.awaitHeld(1);
        blob.holds = Blockade.NONE;
        for (int i = 0; i < 3; i++) {
            assertArrayEquals(blob.bytes, kernel.mount("b" + i).read(0, SIZE));
        }
        blob.lift();
        assertArrayEquals(blob.bytes, held.get());
        await(() -> deviceThreads() == 1);
        assertTrue(
                Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().matches("cachefiles-\\d+"))
                        .noneMatch(Thread::isDaemon),
                "the virtual machine runs as long as the server does");
    }

    private static long deviceThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().matches("cachefiles-\\d+"))
                .count();
    }

    @Test
    void an_object_with_many_requests_does_not_keep_another_waiting() throws Exception {
        var served = new ConcurrentLinkedQueue<String>();
        var blob = new Blockade(SIZE, ReadRequest.class, true) {
            @Override
            public void read(ReadRequest request) throws IOException {
                super.read(request);
                served.add(request.object().cookie().toString());
            }
        };
        Daemon daemon = start(blob, builder -> builder.concurrency(Concurrency.SERIAL));
        FakeMount greedy = kernel.mount("greedy");
        FakeMount modest = kernel.mount("modest");
        List<CompletableFuture<byte[]>> readers = new ArrayList<>();
        for (int at = 0; at < 9 * 4096; at += 4096) {
            readers.add(greedy.readAsync(at, 10));
        }
        await(() -> daemon.server.status().waiting() == 8);
        readers.add(modest.readAsync(0, 10));
        await(() -> daemon.server.status().waiting() == 9);
        blob.lift();
        for (CompletableFuture<byte[]> reader : readers) {
            reader.get();
        }
        List<String> order = new ArrayList<>(served);
        assertTrue(order.indexOf("modest") <= 2, order.toString());
    }

    @Test
    void a_request_that_the_executor_rejects_fails_and_the_next_is_served() throws Exception {
        var blob = new TestBlob(SIZE);
        var full = new AtomicBoolean();
        Daemon daemon = start(
                blob,
                builder -> builder.executor(task -> {
                    if (full.get()) {
                        throw new RejectedExecutionException("full");
                    }
                    Thread.ofVirtual().start(task);
                }));
        FakeMount mount = kernel.mount("a");
        full.set(true);
        assertEquals(
                Errno.EIO,
                assertThrows(CachefilesException.class, () -> mount.read(0, 10)).errno());
        assertThrows(CachefilesException.class, () -> kernel.mount("b"));
        full.set(false);
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        assertInstanceOf(RejectedExecutionException.class, daemon.readFailures.getFirst());
    }

    @Test
    void an_executor_that_drops_a_task_costs_no_more_than_the_deadline() throws Exception {
        kernel = FakeKernel.builder().virtualTime().build();
        var blob = new TestBlob(SIZE);
        Daemon daemon = start(blob, builder -> builder.executor(task -> {}));
        var mount = kernel.mountAsync("a");
        await(() -> daemon.server.status().running() == 1);
        kernel.awaitSleepers(1);
        kernel.advance(Duration.ofSeconds(16));
        assertInstanceOf(
                CachefilesException.class,
                assertThrows(CompletionException.class, mount::join).getCause());
    }

    @Test
    void an_async_handler_answers_when_its_stages_complete_in_any_order() throws Exception {
        var stages = new ConcurrentHashMap<Long, CompletableFuture<Void>>();
        var blob = new TestBlob(SIZE);
        Daemon daemon = start(
                blob,
                builder -> builder.asyncHandler(new AsyncOnDemandHandler() {
                    @Override
                    public CompletionStage<Long> open(OpenRequest request) {
                        return CompletableFuture.completedStage((long) SIZE);
                    }

                    @Override
                    public CompletionStage<?> read(ReadRequest request) {
                        var stage = new CompletableFuture<Void>();
                        stages.put(request.offset(), stage);
                        return stage.thenRun(() -> {
                            try {
                                blob.read(request);
                            } catch (IOException e) {
                                throw new CompletionException(e);
                            }
                        });
                    }
                }));
        FakeMount mount = kernel.mount("a");
        var first = mount.readAsync(0, 4096);
        await(() -> stages.containsKey(0L));
        var second = mount.readAsync(8192, 4096);
        await(() -> stages.containsKey(8192L));
        stages.get(8192L).complete(null);
        assertArrayEquals(blob.range(8192, 4096), second.get());
        stages.get(0L).complete(null);
        assertArrayEquals(blob.range(0, 4096), first.get());
        assertEquals(List.of(), daemon.readFailures);
    }

    /** What an asynchronous handler may do wrong. */
    enum Wrong {
        THROWS {
            @Override
            CompletionStage<Long> stage() throws IOException {
                throw new IOException("wrong");
            }
        },
        THROWS_AN_ERROR {
            @Override
            CompletionStage<Long> stage() {
                throw new StackOverflowError("wrong");
            }
        },
        RETURNS_NULL {
            @Override
            @SuppressWarnings("NullAway")
            CompletionStage<Long> stage() {
                return null;
            }
        },
        FAILS {
            @Override
            CompletionStage<Long> stage() {
                return CompletableFuture.failedStage(new IOException("wrong"));
            }
        },
        CANCELS {
            @Override
            CompletionStage<Long> stage() {
                var stage = new CompletableFuture<Long>();
                stage.cancel(true);
                return stage;
            }
        };

        abstract CompletionStage<Long> stage() throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void whatever_an_async_handler_does_wrong_is_contained(Wrong wrong) throws Exception {
        var blob = new TestBlob(SIZE);
        var right = new AtomicBoolean();
        Daemon daemon = start(
                blob,
                builder -> builder.asyncHandler(new AsyncOnDemandHandler() {
                    @Override
                    public CompletionStage<Long> open(OpenRequest request) throws IOException {
                        return right.get() ? CompletableFuture.completedStage((long) SIZE) : wrong.stage();
                    }

                    @Override
                    public CompletionStage<?> read(ReadRequest request) throws IOException {
                        if (right.get()) {
                            blob.read(request);
                            return CompletableFuture.completedStage(null);
                        }
                        return wrong.stage();
                    }

                    @Override
                    public CompletionStage<?> close(CloseRequest request) throws IOException {
                        return wrong.stage();
                    }
                }));
        assertThrows(CachefilesException.class, () -> kernel.mount("a"));
        right.set(true);
        FakeMount mount = kernel.mount("a");
        right.set(false);
        assertEquals(
                Errno.EIO,
                assertThrows(CachefilesException.class, () -> mount.read(0, 10)).errno());
        right.set(true);
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        mount.unmount();
        kernel.awaitOpenFds(0);
        await(() -> daemon.troubles.size() == 1);
        assertEquals(1, daemon.openFailures.size());
        assertEquals(2, daemon.readFailures.size());
    }
}
