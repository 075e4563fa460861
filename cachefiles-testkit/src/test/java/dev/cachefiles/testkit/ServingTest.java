// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The main path: a server, mounts, readers. */
class ServingTest extends DaemonTest {
    private final TestBlob blob = new TestBlob(1_000_001);

    @Test
    void aReaderGetsTheBytesOfTheBlob() throws Exception {
        start(blob);
        var mount = kernel.mount("image.img");
        assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
        assertEquals(8, kernel.counters().reads(), "READs, of 128 KiB each");
        assertArrayEquals(blob.range(12_345, 6_789), mount.read(12_345, 6_789));
        assertEquals(8, kernel.counters().reads(), "READs, after a read of what is cached");
        mount.unmount();
        kernel.awaitOpenFds(0);
        assertEquals(1, kernel.counters().closes());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void manyReadersOfManyMountsGetTheirBytes(int threads) throws Exception {
        start(blob, threads);
        var mounts = new ArrayList<FakeMount>();
        for (int i = 0; i < 5; i++) {
            mounts.add(kernel.mount("image" + i));
        }
        var reads = new ArrayList<CompletableFuture<byte[]>>();
        for (int i = 0; i < 50; i++) {
            reads.add(mounts.get(i % 5).readAsync(i * 20_000L, 20_000));
        }
        for (int i = 0; i < 50; i++) {
            assertArrayEquals(blob.range(i * 20_000L, 20_000), reads.get(i).get());
        }
        for (FakeMount mount : mounts) {
            mount.unmount();
        }
        kernel.awaitOpenFds(0);
        assertEquals(5, kernel.counters().closes());
    }
}
