// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheObject;
import dev.cachefiles.ReadRequest;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server makes no call that it does not need: none without work, also while handlers wait for their sources. */
class IdleTest extends DaemonTest {
    private static final int PAGE = 4096;

    /** Long enough for a loop that spins to make very many calls, on any machine. */
    private static void lookAway() throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(100);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void theLoopDoesNotSpinWhileAHandlerIsSlow(int threads) throws Exception {
        var blob = new Blockade(10_000, ReadRequest.class, false);
        start(blob, threads);
        FakeMount mount = kernel.mount("a");
        var reader = mount.readAsync(0, 10_000);
        kernel.awaitDelivered(1);
        lookAway();
        KernelCounters counters = kernel.counters();
        // Each of two messages wakes every thread, which looks, finds nothing perhaps, and waits again.
        assertTrue(counters.deviceReads() <= 2 + 2 * threads, counters.toString());
        assertTrue(counters.deviceWaits() <= 4 + 4 * threads, counters.toString());
        blob.lift();
        assertArrayEquals(blob.bytes, reader.get());
    }

    @Test
    void requestsThatWaitAreReadWithoutAPollBeforeEach() throws Exception {
        int readers = 100;
        var blob = new Blockade(readers * PAGE, ReadRequest.class, false);
        start(blob, 1);
        FakeMount mount = kernel.mount("a");
        var reads = new ArrayList<CompletableFuture<byte[]>>();
        for (int i = 0; i < readers; i++) {
            reads.add(mount.readAsync((long) i * PAGE, PAGE));
        }
        await(() -> kernel.pendingRequests().size() == readers);
        KernelCounters before = kernel.counters();
        blob.lift();
        for (int i = 0; i < readers; i++) {
            assertArrayEquals(blob.range((long) i * PAGE, PAGE), reads.get(i).get());
        }
        KernelCounters after = kernel.counters();
        assertTrue(after.deviceReads() - before.deviceReads() >= readers - 1, after.toString());
        // The first are polled for, until it shows that more wait.
        assertTrue(after.deviceWaits() - before.deviceWaits() <= readers / 4, before + " " + after);
    }

    @Test
    void withoutFdsForAReopenTheServerPausesAndRecovers() throws Exception {
        var blob = new TestBlob(10_000) {
            private boolean closed;

            @Override
            public void opened(CacheObject object) {
                if (!closed) {
                    closed = true;
                    object.fd().close();
                }
            }
        };
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        kernel.awaitOpenFds(0);
        kernel.process().limitFds(3);
        var reader = mount.readAsync(0, 10_000);
        while (daemon.troubles.isEmpty()) {
            Thread.onSpinWait();
        }
        lookAway();
        assertTrue(kernel.counters().deviceReads() < 24, kernel.counters().toString());
        kernel.process().limitFds(10);
        assertArrayEquals(blob.bytes, reader.get());
        assertEquals(0, kernel.counters().refusedAnswers());
    }

    @Test
    void theEndOfTheCacheDoesNotMakeTheLoopSpin() throws Exception {
        start(new TestBlob(1));
        kernel.mount("a");
        kernel.disk().fail();
        lookAway();
        assertTrue(kernel.counters().deviceWaits() < 10, kernel.counters().toString());
    }
}
