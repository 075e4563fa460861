// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.Concurrency;
import dev.cachefiles.Errno;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;

/**
 * Whatever handlers do, and in whatever order things happen: each request is answered once, in bounded time, and no
 * reader sees a byte that is not the blob's.
 */
class ScheduleProperties {
    private static final int SIZE = 30_000;
    private static final int BLOBS = 3;
    private static final Duration DEADLINE = Duration.ofMillis(60);

    /** What a handler may do with a request. */
    enum Behaviour {
        SERVE,
        SERVE_LATE,
        THROW,
        THROW_ERROR,
        NOTHING,
        FIRST_HALF,
        SECOND_HALF,
        MORE,
        HANG_UNTIL_INTERRUPTED,
        HANG,
        ANSWER_TWICE,
        ANSWER_FIRST,
        CLOSE_FD,
        FAIL,
        INTERRUPT_ITSELF
    }

    /** What happens outside of the daemon. */
    enum Step {
        MOUNT,
        UNMOUNT,
        READ,
        READ_SOME,
        WAIT,
        KILL_READER
    }

    record Action(Step step, int blob, int offset, int length) {}

    @Provide
    Arbitrary<List<Action>> schedules() {
        return Combinators.combine(
                        Arbitraries.frequencyOf(
                                Tuple.of(3, Arbitraries.just(Step.MOUNT)),
                                Tuple.of(1, Arbitraries.just(Step.UNMOUNT)),
                                Tuple.of(6, Arbitraries.of(Step.READ, Step.READ_SOME)),
                                Tuple.of(1, Arbitraries.of(Step.WAIT, Step.KILL_READER))),
                        Arbitraries.integers().between(0, BLOBS - 1),
                        Arbitraries.integers().between(0, SIZE - 1),
                        Arbitraries.integers().between(1, SIZE))
                .as(Action::new)
                .list()
                .ofMinSize(3)
                .ofMaxSize(25);
    }

    @Property(shrinking = ShrinkingMode.OFF)
    void no_schedule_leaves_a_request_unanswered_or_answered_twice(
            @ForAll("schedules") List<Action> schedule,
            @ForAll Mode mode,
            @ForAll Concurrency concurrency,
            @ForAll KernelProfile profile,
            @ForAll long seed)
            throws Exception {
        FakeKernel kernel = FakeKernel.builder()
                .profile(profile)
                .patience(Duration.ofSeconds(20))
                .build();
        var handler = new Unpredictable(seed);
        var builder = OnDemandServer.builder(CachefilesChannel.open(Daemon.OPTIONS, kernel))
                .concurrency(concurrency)
                .openDeadline(DEADLINE)
                .readDeadline(DEADLINE)
                .shutdownTimeout(Duration.ofMillis(200));
        mode.set(builder, handler);
        try (OnDemandServer server = builder.start()) {
            play(kernel, schedule, handler);
            handler.behaves = true;
            for (int blob = 0; blob < BLOBS; blob++) {
                assertIsServed(kernel, "end" + blob, handler);
            }
            kernel.awaitAllAnswered();
            assertTrue(server.status().bound());
        } finally {
            handler.stopHanging.countDown();
        }
        kernel.awaitOpenFds(0);
        KernelAssert.assertThat(kernel).isClean();
        Map<String, Integer> answers = new HashMap<>();
        kernel.answers().forEach(answer -> answers.merge(answer.request().id().toString(), 1, Integer::sum));
        if (profile != KernelProfile.LINUX_5_19) { // which uses ids again at once
            answers.forEach((id, count) -> assertEquals(1, count, "answers to " + id));
        }
    }

    /** A few tries: Linux 5.19 fails READs of all objects when an fd closes, and a busy machine may miss a deadline. */
    private static void assertIsServed(FakeKernel kernel, String name, Unpredictable handler) throws Exception {
        for (int tries = 5; ; tries--) {
            try (FakeMount mount = kernel.mount(name)) {
                assertArrayEquals(handler.bytes, mount.read(0, SIZE));
                return;
            } catch (CachefilesException e) {
                if (tries == 1) {
                    throw e;
                }
            }
        }
    }

    private static void play(FakeKernel kernel, List<Action> schedule, Unpredictable handler) throws Exception {
        Map<Integer, FakeMount> mounts = new HashMap<>();
        List<Reader> readers = new ArrayList<>();
        for (Action action : schedule) {
            FakeMount mount = mounts.get(action.blob());
            switch (action.step()) {
                case MOUNT -> {
                    if (mount == null) {
                        try {
                            mounts.put(action.blob(), kernel.mount("blob" + action.blob()));
                        } catch (CachefilesException e) {
                            // what the handler has done may fail the mount
                        }
                    }
                }
                case UNMOUNT -> {
                    if (mount != null && readers.stream().allMatch(Reader::isDone)) {
                        mounts.remove(action.blob()).unmount();
                    }
                }
                case READ, READ_SOME -> {
                    if (mount != null) {
                        int offset = action.step() == Step.READ ? 0 : action.offset();
                        int length = action.step() == Step.READ ? SIZE : Math.min(action.length(), SIZE - offset);
                        readers.add(new Reader(mount, offset, length));
                    }
                }
                case WAIT -> TimeUnit.MILLISECONDS.sleep(5);
                case KILL_READER -> {
                    if (!readers.isEmpty()) {
                        readers.getLast().thread.interrupt();
                    }
                }
            }
        }
        for (Reader reader : readers) {
            reader.assertRightBytesOrError(handler);
        }
        for (FakeMount mount : mounts.values()) {
            mount.unmount();
        }
    }

    /** A process that reads, and can be killed. */
    private static final class Reader {
        private final int offset;
        private final int length;
        private final CompletableFuture<byte[]> result = new CompletableFuture<>();
        final Thread thread;

        Reader(FakeMount mount, int offset, int length) {
            this.offset = offset;
            this.length = length;
            this.thread = Thread.ofPlatform().daemon().start(() -> {
                try {
                    result.complete(mount.read(offset, length));
                } catch (Throwable t) {
                    result.completeExceptionally(t);
                }
            });
        }

        boolean isDone() {
            return result.isDone();
        }

        void assertRightBytesOrError(TestBlob blob) throws Exception {
            try {
                assertArrayEquals(blob.range(offset, length), result.get(25, TimeUnit.SECONDS));
            } catch (ExecutionException e) {
                boolean expected =
                        e.getCause() instanceof CachefilesException || e.getCause() instanceof InterruptedIOException;
                if (!expected) {
                    throw e;
                }
            }
        }
    }

    /** Does something else with each request, until it behaves. */
    private static final class Unpredictable extends TestBlob {
        private final long seed;
        private final Map<String, Integer> calls = new ConcurrentHashMap<>();
        final CountDownLatch stopHanging = new CountDownLatch(1);
        volatile boolean behaves;

        Unpredictable(long seed) {
            super(SIZE);
            this.seed = seed;
        }

        /** The same for the same seed, object and number of the call, whatever the threads do. */
        private Behaviour next(Request request, Object name) {
            if (behaves) {
                return Behaviour.SERVE;
            }
            String key = request.getClass().getSimpleName() + name;
            int number = calls.merge(key, 1, Integer::sum);
            var random = new Random(seed ^ (key + number).hashCode() * 0x9E3779B97F4A7C15L);
            Behaviour[] all = Behaviour.values();
            // Half of the calls do what they should, or nothing would ever happen.
            return random.nextBoolean() ? Behaviour.SERVE : all[random.nextInt(all.length)];
        }

        private void hang(boolean untilInterrupted) throws IOException {
            while (true) {
                try {
                    stopHanging.await();
                    return;
                } catch (InterruptedException e) {
                    if (untilInterrupted) {
                        throw new InterruptedIOException("hung");
                    }
                }
            }
        }

        private void misbehave(Behaviour behaviour) throws IOException {
            switch (behaviour) {
                case THROW -> throw new IOException("as planned");
                case THROW_ERROR -> throw new StackOverflowError("as planned");
                case HANG_UNTIL_INTERRUPTED -> hang(true);
                case HANG -> hang(false);
                case INTERRUPT_ITSELF -> Thread.currentThread().interrupt();
                case SERVE_LATE -> {
                    try {
                        TimeUnit.MILLISECONDS.sleep(DEADLINE.toMillis() + 20);
                    } catch (InterruptedException e) {
                        // goes on all the same
                    }
                }
                default -> {}
            }
        }

        @Override
        public long open(OpenRequest request) throws IOException {
            Behaviour behaviour = next(request, request.cookie());
            misbehave(behaviour);
            switch (behaviour) {
                case ANSWER_TWICE -> {
                    request.accept(SIZE);
                    request.accept(SIZE);
                }
                case ANSWER_FIRST -> request.accept(SIZE);
                case CLOSE_FD -> request.object().fd().close();
                case FAIL -> request.refuse(Errno.ENOENT);
                case NOTHING -> {
                    return -1;
                }
                default -> {}
            }
            return super.open(request);
        }

        @Override
        public void read(ReadRequest request) throws IOException {
            Behaviour behaviour = next(request, request.object().cookie());
            misbehave(behaviour);
            long half = Math.max(1, request.length() / 2);
            switch (behaviour) {
                case NOTHING -> {}
                case FIRST_HALF -> put(request, request.offset(), half);
                case SECOND_HALF -> put(request, request.offset() + half, request.length() - half);
                case MORE -> put(request, 0, SIZE);
                case ANSWER_TWICE -> {
                    super.read(request);
                    request.complete();
                    request.complete();
                }
                case ANSWER_FIRST -> {
                    request.complete();
                    super.read(request);
                }
                case CLOSE_FD -> {
                    super.read(request);
                    request.fd().close();
                }
                case FAIL -> request.fail();
                default -> super.read(request);
            }
        }

        @Override
        public void close(CloseRequest request) throws IOException {
            misbehave(next(request, request.objectId()));
        }
    }
}
