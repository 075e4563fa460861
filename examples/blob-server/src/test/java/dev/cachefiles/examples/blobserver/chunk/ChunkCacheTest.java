// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.blob.Deadline;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ChunkCacheTest {

    @Test
    void loadsAChunkOnceForAllWhoAskAtATime() throws Exception {
        var cache = new ChunkCache<String>(0); // keeps nothing: what is shared is the load
        var loads = new AtomicInteger();
        var gate = new CountDownLatch(1);
        var askers = new ArrayList<FutureTask<byte[]>>();
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 5; i++) {
            var asker = new FutureTask<>(() -> cache.get("a", () -> {
                loads.incrementAndGet();
                await(gate);
                return new byte[3];
            }));
            askers.add(asker);
            threads.add(Thread.ofPlatform().start(asker));
        }
        awaitWaiting(threads);
        gate.countDown();
        for (var asker : askers) {
            assertSame(askers.getFirst().get(), asker.get());
        }
        assertEquals(1, loads.get());
    }

    @Test
    void tellsAFailureToAllWhoWaitAndTriesAgainForTheNext() throws Exception {
        var cache = new ChunkCache<String>(100);
        var gate = new CountDownLatch(1);
        var one = new FutureTask<>(() -> cache.get("a", () -> {
            await(gate);
            throw new IOException("broken");
        }));
        var other = new FutureTask<>(() -> cache.get("a", () -> new byte[1]));
        Thread first = Thread.ofPlatform().start(one);
        awaitWaiting(List.of(first));
        Thread second = Thread.ofPlatform().start(other);
        awaitWaiting(List.of(second));
        gate.countDown();
        assertEquals(
                "broken",
                assertThrows(ExecutionException.class, one::get).getCause().getMessage());
        assertEquals(
                "broken",
                assertThrows(ExecutionException.class, other::get).getCause().getMessage());
        assertEquals(2, cache.get("a", () -> new byte[2]).length);
    }

    @Test
    void letsAnotherTakeOverFromOneWhoGivesUp() throws Exception {
        var cache = new ChunkCache<String>(100);
        var never = new CountDownLatch(1);
        var one = new FutureTask<>(() -> cache.get("a", () -> {
            await(never);
            return new byte[1];
        }));
        Thread first = Thread.ofPlatform().start(one);
        awaitWaiting(List.of(first));
        var other = new FutureTask<>(() -> cache.get("a", () -> new byte[2]));
        Thread second = Thread.ofPlatform().start(other);
        awaitWaiting(List.of(second));
        first.interrupt();
        assertEquals(2, other.get().length);
        assertInstanceOf(
                InterruptedIOException.class,
                assertThrows(ExecutionException.class, one::get).getCause());
    }

    @Test
    void waitsNoLongerThanItsDeadline() throws Exception {
        var cache = new ChunkCache<String>(100);
        var gate = new CountDownLatch(1);
        Thread first = Thread.ofPlatform()
                .start(new FutureTask<>(() -> cache.get("a", () -> {
                    await(gate);
                    return new byte[1];
                })));
        awaitWaiting(List.of(first));
        assertThrows(
                InterruptedIOException.class,
                () -> Deadline.during(() -> 1_000_000, () -> cache.get("a", () -> new byte[2])));
        gate.countDown();
        first.join();
    }

    @Test
    void keepsWhatWasUsedLastWithinItsLimit() throws IOException {
        var cache = new ChunkCache<String>(100);
        cache.get("a", () -> new byte[40]);
        cache.get("b", () -> new byte[40]);
        cache.get("a", ChunkCacheTest::unexpected);
        cache.get("c", () -> new byte[40]); // b has to go, a was used since
        cache.get("a", ChunkCacheTest::unexpected);
        cache.get("c", ChunkCacheTest::unexpected);
        assertThrows(AssertionError.class, () -> cache.get("b", ChunkCacheTest::unexpected));
        assertEquals(101, cache.get("large", () -> new byte[101]).length);
        cache.get("a", ChunkCacheTest::unexpected);
    }

    private static byte[] unexpected() {
        throw new AssertionError("is loaded again");
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            var interrupted = new InterruptedIOException("gives up");
            interrupted.initCause(e);
            throw interrupted;
        }
    }

    private static void awaitWaiting(List<Thread> threads) {
        var waiting = CompletableFuture.runAsync(() -> {
            for (Thread thread : threads) {
                while (thread.getState() != Thread.State.WAITING && thread.getState() != Thread.State.TIMED_WAITING) {
                    Thread.onSpinWait();
                }
            }
        });
        waiting.join();
    }
}
