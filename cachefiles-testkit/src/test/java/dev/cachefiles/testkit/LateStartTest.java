// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.AsyncOnDemandHandler;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** An executor that starts a handler too late, and a stage that ends without a size. */
class LateStartTest extends DaemonTest {
    private static final int SIZE = 10_000;

    @Test
    void a_handler_is_not_called_after_the_deadline() throws Exception {
        kernel = FakeKernel.builder().virtualTime().build();
        BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
        var reads = new AtomicInteger();
        var blob = new TestBlob(SIZE) {
            @Override
            public void read(ReadRequest request) throws IOException {
                reads.incrementAndGet();
                super.read(request);
            }
        };
        Daemon daemon = start(blob, builder -> builder.executor(tasks::add));
        var mounting = kernel.mountAsync("a");
        tasks.take().run();
        FakeMount mount = mounting.get();
        var reader = mount.readAsync(0, SIZE);
        List<Runnable> late = new ArrayList<>();
        for (Duration allowed : List.of(Duration.ofSeconds(30), Duration.ofSeconds(1))) {
            late.add(tasks.take());
            kernel.awaitSleepers(1);
            kernel.advance(allowed);
        }
        assertThrows(ExecutionException.class, reader::get);
        await(() -> daemon.server.status().running() == 0);
        late.forEach(Runnable::run);
        assertEquals(0, reads.get());
        assertEquals(0, daemon.server.status().running());
        assertEquals(2, daemon.readFailures.size());
        var again = mount.readAsync(0, SIZE);
        tasks.take().run();
        assertArrayEquals(blob.bytes, again.get());
        mount.unmount();
        tasks.take().run();
    }

    @Test
    void a_stage_that_ends_without_a_size_fails_its_open_at_once() throws Exception {
        var failure = new CompletableFuture<Throwable>();
        var handler = new AsyncOnDemandHandler() {
            @Override
            public CompletionStage<Long> open(OpenRequest request) {
                return CompletableFuture.completedStage(null);
            }

            @Override
            public CompletionStage<?> read(ReadRequest request) {
                return CompletableFuture.completedStage(null);
            }
        };
        try (var server = OnDemandServer.builder(CachefilesChannel.open(Daemon.OPTIONS, kernel))
                .asyncHandler(handler)
                .listener(new OnDemandListener() {
                    @Override
                    public void openFailed(OpenRequest request, Throwable cause) {
                        failure.complete(cause);
                    }
                })
                .noDeadlines()
                .start()) {
            var mounting = kernel.mountAsync("a");
            var thrown = assertThrows(ExecutionException.class, () -> mounting.get(10, TimeUnit.SECONDS));
            assertInstanceOf(CachefilesException.class, thrown.getCause());
            assertInstanceOf(NullPointerException.class, failure.get());
            await(() -> server.status().running() == 0);
        }
    }
}
