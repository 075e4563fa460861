// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.CacheObject;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a handler leaves behind does not reach the requests that follow. */
class LeftoversTest extends DaemonTest {
    private static final int SIZE = 10_000;

    @Test
    void an_interrupt_that_a_handler_has_not_taken_ends_with_it() throws Exception {
        var interrupted = new CopyOnWriteArrayList<Boolean>();
        var blob = new TestBlob(SIZE) {
            @Override
            public void read(ReadRequest request) throws IOException {
                interrupted.add(Thread.currentThread().isInterrupted());
                super.read(request);
                Thread.currentThread().interrupt();
            }
        };
        start(blob);
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, SIZE));
        assertArrayEquals(blob.bytes, kernel.mount("b").read(0, SIZE));
        assertEquals(List.of(false, false), interrupted);
    }

    @Test
    void an_object_that_is_opened_again_too_late_is_open() throws Exception {
        kernel = FakeKernel.builder().virtualTime().build();
        var entered = new Semaphore(0);
        var goOn = new CountDownLatch(1);
        var opens = new AtomicInteger();
        var blob = new TestBlob(SIZE) {
            @Override
            public long open(OpenRequest request) throws IOException {
                switch (opens.incrementAndGet()) {
                    case 1 -> {}
                    case 2 -> hold();
                    default -> throw new IOException("backend down");
                }
                return SIZE;
            }

            // As a handler does that does not heed the interrupt.
            private void hold() {
                entered.release();
                boolean held = true;
                while (held) {
                    try {
                        goOn.await();
                        held = false;
                    } catch (InterruptedException e) {
                        held = goOn.getCount() > 0;
                    }
                }
            }

            @Override
            public void opened(CacheObject object) {
                object.fd().close();
                entered.release();
            }
        };
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        entered.acquire();
        kernel.awaitOpenFds(0);
        var reader = mount.readAsync(0, SIZE);
        entered.acquire();
        kernel.awaitSleepers(1);
        kernel.advance(Duration.ofSeconds(15));
        assertThrows(ExecutionException.class, reader::get);
        goOn.countDown();
        daemon.awaitLate(1);
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        assertEquals(4, opens.get(), "the first, the late one, and one for each READ that failed");
    }
}
