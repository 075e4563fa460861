// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.testkit.FakeKernel;
import dev.cachefiles.testkit.FakeMount;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The whole path of a miss on the fake kernel: a read of a page that is not cached, the message, the handler, the write,
 * the answer, and the page. Most of the time is the fake kernel's, whose bookkeeping is for tests: of use to compare one
 * version with another.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class FakeKernelBenchmark {
    private static final int PAGE = 4096;

    /** How many images are mounted beside the one that is read. */
    @Param({"0", "100"})
    int others;

    private @Nullable OnDemandServer server;
    private @Nullable FakeMount mount;
    private long offset;

    /** A fresh kernel, since the fake cache is the heap. */
    @Setup(Level.Iteration)
    public void setUp() throws IOException {
        FakeKernel kernel = FakeKernel.builder().capacity(64L << 30).build();
        server = OnDemandServer.builder(CachefilesChannel.open(
                        CacheOptions.builder(Path.of("/cache")).build(), kernel))
                .handler(new Pages())
                .start();
        for (int i = 0; i < others; i++) {
            kernel.mount("other-" + i);
        }
        mount = kernel.mount("image");
        offset = 0;
    }

    /** Ends. */
    @TearDown(Level.Iteration)
    public void tearDown() {
        if (server != null) {
            server.close();
        }
    }

    /** Reads a page that is not cached. */
    @Benchmark
    public byte @Nullable [] miss() throws IOException {
        offset += 2 * PAGE; // with a gap: to read on would be to read ahead
        return mount == null ? null : mount.read(offset, PAGE);
    }

    private static final class Pages implements OnDemandHandler {
        private final MemorySegment page = Arena.ofAuto().allocate(PAGE, PAGE).fill((byte) 1);

        @Override
        public long open(OpenRequest request) {
            return 32L << 30;
        }

        @Override
        public void read(ReadRequest request) throws IOException {
            request.fd().write(page.asSlice(0, request.length()), request.offset());
        }
    }
}
