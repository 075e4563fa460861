// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Only the kernel's own second try of a READ that has missed its deadline has less time. */
class SecondTryTest extends DaemonTest {
    private static final int SIZE = 10_000;
    private static final Duration READ = Duration.ofSeconds(30);
    private static final Duration SECOND_TRY = Duration.ofMillis(500);

    @BeforeEach
    void holdTheClock() {
        kernel = FakeKernel.builder().virtualTime().build();
    }

    @Test
    void a_later_read_of_the_range_has_all_of_its_time() throws Exception {
        var times = new CopyOnWriteArrayList<Duration>();
        var entered = new CountDownLatch(1);
        start(new TestBlob(SIZE) {
            @Override
            public void read(ReadRequest request) throws IOException {
                times.add(request.timeLeft().orElseThrow());
                switch (times.size()) {
                    case 1 -> hold();
                    case 2 -> throw new IOException("backend down");
                    default -> super.read(request);
                }
            }

            private void hold() throws IOException {
                entered.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
        });
        FakeMount mount = kernel.mount("a");
        var reader = mount.readAsync(0, SIZE);
        entered.await();
        kernel.awaitSleepers(1);
        kernel.advance(READ);
        assertThrows(ExecutionException.class, reader::get);
        assertArrayEquals(new TestBlob(SIZE).bytes, mount.read(0, SIZE));
        assertEquals(List.of(READ, SECOND_TRY, READ), times);
    }
}
