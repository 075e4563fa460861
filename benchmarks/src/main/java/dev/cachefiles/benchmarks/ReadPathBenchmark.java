// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks;

import dev.cachefiles.AsyncOnDemandHandler;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.blob.Amplification;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.blob.BlobSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the engine adds to a READ, from the message to the answer, in each way of running handlers. The kernel is a stub
 * that costs next to nothing and takes any bytes.
 *
 * <p>Run with {@code -prof gc}: allocation per READ is that of all threads together.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class ReadPathBenchmark {
    private static final int BATCH = 5000;

    /** How handlers run. */
    @State(Scope.Benchmark)
    public static class Modes extends ServerState {
        /** On the device's thread, on a virtual thread for each, or with stages that are complete at once. */
        @Param({"direct", "virtual", "async"})
        String mode = "";

        /** What is served: nothing but one write, or a blob of the library's own handler. */
        @Param({"write", "blob"})
        String handler = "";

        /** Starts. */
        @Setup
        public void setUp() throws IOException {
            OnDemandHandler served = handler.equals("write") ? new OneWrite() : blobs();
            start(1, builder -> {
                switch (mode) {
                    case "direct" -> builder.handler(served);
                    case "virtual" -> builder.handler(served).virtualThreads();
                    case "async" -> builder.asyncHandler(new AtOnce(served));
                    default -> throw new IllegalArgumentException(mode);
                }
            });
        }

        /** Ends. */
        @TearDown
        public void tearDown() {
            stop();
        }

        @SuppressWarnings("MustBeClosedChecker") // has nothing to close: the source is a piece of memory
        private static OnDemandHandler blobs() {
            return new BlobHandler(key -> new Page(), Amplification.OFF);
        }
    }

    /** Objects that are open. */
    @State(Scope.Benchmark)
    public static class Objects extends ServerState {
        /** How many; READs are for each in turn. */
        @Param({"1", "100", "10000"})
        int objects;

        /** Starts. */
        @Setup
        public void setUp() throws IOException {
            start(objects, builder -> builder.handler(new OneWrite()));
        }

        /** Ends. */
        @TearDown
        public void tearDown() {
            stop();
        }
    }

    /** Requests that are not answered yet. */
    @State(Scope.Benchmark)
    public static class InFlight extends ServerState {
        /** How many are held back at any time. */
        @Param({"1", "30", "1000"})
        int inFlight;

        private final Late late = new Late();

        /** Starts. */
        @Setup
        public void setUp() throws IOException {
            late.most = inFlight;
            start(1, builder -> builder.asyncHandler(late).maxRequests(2 * inFlight));
            serve(2 * inFlight, inFlight);
        }

        /** Ends. */
        @TearDown(Level.Trial)
        public void tearDown() {
            late.finish();
            stop();
        }
    }

    /** A READ in each mode. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void mode(Modes serving) {
        serving.serve(BATCH, 0);
    }

    /** A READ in the direct mode while many objects are open. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void openObjects(Objects serving) {
        serving.serve(BATCH, 0);
    }

    /** A READ while many others wait for their answers. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void inFlight(InFlight serving) {
        serving.serve(BATCH, serving.inFlight);
    }

    private static final class OneWrite implements OnDemandHandler {
        private static final MemorySegment PAGE = page();

        @Override
        public long open(OpenRequest request) {
            return 1L << 38;
        }

        @Override
        public void read(ReadRequest request) throws IOException {
            request.fd().write(PAGE, request.offset());
        }
    }

    private static final class Page implements BlobSource {
        private final Optional<MemorySegment> page = Optional.of(page());

        @Override
        public long size() {
            return 1L << 38;
        }

        @Override
        public Optional<MemorySegment> view(long offset, long length) {
            return page;
        }

        @Override
        public void read(long offset, MemorySegment target) {
            target.fill((byte) 1);
        }
    }

    private static MemorySegment page() {
        return Arena.global().allocate(StubKernel.READ_LENGTH, StubKernel.READ_LENGTH);
    }

    private record AtOnce(OnDemandHandler handler) implements AsyncOnDemandHandler {
        private static final CompletionStage<?> DONE = CompletableFuture.completedStage(null);

        @Override
        public CompletionStage<Long> open(OpenRequest request) throws IOException {
            return CompletableFuture.completedStage(handler.open(request));
        }

        @Override
        public CompletionStage<?> read(ReadRequest request) throws IOException {
            handler.read(request);
            return DONE;
        }
    }

    /** Answers the oldest READ when there are too many. Called by one thread. */
    private static final class Late implements AsyncOnDemandHandler {
        private final Queue<CompletableFuture<@Nullable Void>> waiting = new ArrayDeque<>();
        private final OneWrite handler = new OneWrite();
        private int most;

        @Override
        public CompletionStage<Long> open(OpenRequest request) {
            return CompletableFuture.completedStage(handler.open(request));
        }

        @Override
        public CompletionStage<?> read(ReadRequest request) throws IOException {
            handler.read(request);
            var stage = new CompletableFuture<@Nullable Void>();
            CompletableFuture<@Nullable Void> oldest;
            synchronized (waiting) {
                waiting.add(stage);
                oldest = waiting.size() > most ? waiting.remove() : null;
            }
            if (oldest != null) {
                oldest.complete(null);
            }
            return stage;
        }

        void finish() {
            synchronized (waiting) {
                waiting.forEach(stage -> stage.complete(null));
            }
        }
    }
}
