// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.blob.layer.BlobStats;
import dev.cachefiles.blob.layer.ChunkDigests;
import dev.cachefiles.blob.layer.CorruptingSource;
import dev.cachefiles.blob.layer.DigestAlgorithm;
import dev.cachefiles.blob.layer.FailingSource;
import dev.cachefiles.blob.layer.Failover;
import dev.cachefiles.blob.layer.LocalTier;
import dev.cachefiles.blob.layer.RateLimitedSource;
import dev.cachefiles.blob.layer.Retry;
import dev.cachefiles.blob.layer.TokenBucket;
import dev.cachefiles.blob.layer.VerifyingSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole stack of layers under a kernel. */
class LayersTest extends DaemonTest {
    private static final int CHUNK = 64 << 10;

    private final TestBlob blob = new TestBlob(1_000_001);
    private final AtomicInteger fetches = new AtomicInteger();

    private final class Source implements BlobSource {
        @Override
        public long size() {
            return blob.bytes.length;
        }

        @Override
        public String identity() {
            return "test:1";
        }

        @Override
        public void read(long offset, MemorySegment target) {
            fetches.incrementAndGet();
            MemorySegment.copy(blob.bytes, (int) offset, target, ValueLayout.JAVA_BYTE, 0, (int) target.byteSize());
        }
    }

    private ChunkDigests digests() throws IOException {
        return ChunkDigests.compute(DigestAlgorithm.SHA_256, CHUNK, new Source());
    }

    @Test
    void readersGetRightBytesFromMirrorsThatFailAndLie(@TempDir Path directory) throws Exception {
        ChunkDigests digests = digests();
        var stats = new BlobStats();
        var bucket = new TokenBucket(1L << 40, 1L << 40);
        var retry = Retry.builder()
                .attempts(50)
                .waits(Duration.ZERO, Duration.ZERO)
                .transientIf(e -> true)
                .build();
        try (LocalTier tier = LocalTier.open(directory, 64 << 20, CHUNK)) {
            BlobResolver lying = key ->
                    new VerifyingSource(new CorruptingSource(new FailingSource(new Source(), 0.3, 1), 0.7, 2), digests);
            BlobResolver failing = key -> new VerifyingSource(
                    tier.over(new FailingSource(new RateLimitedSource(new Source(), bucket), 0.5, 3)), digests);
            BlobResolver mirrors = Failover.builder()
                    .mirror("lying", lying)
                    .mirror("failing", failing)
                    .build();
            BlobResolver all = key -> stats.over(retry.over(mirrors).resolve(key));
            try (var handler = new BlobHandler(all)) {
                start(handler);
                var mount = kernel.mount("image");
                assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
                mount.unmount();
            }
            assertTrue(stats.snapshot().bytes() >= blob.bytes.length);
            assertEquals(0, stats.snapshot().failures());
        }
    }

    @Test
    void wrongBytesNeverEnterTheCache() throws Exception {
        ChunkDigests digests = digests();
        try (var handler =
                new BlobHandler(key -> new VerifyingSource(new CorruptingSource(new Source(), 1, 1), digests))) {
            Daemon daemon = start(handler);
            var mount = kernel.mount("image");
            assertThrows(IOException.class, () -> mount.read(0, 4096));
            mount.unmount();
            daemon.close(); // a reader is answered before listeners are told
            assertTrue(daemon.readFailures.getFirst() instanceof WrongBytesException);
        }
        assertTrue(fetches.get() > 0);
        try (var handler = new BlobHandler(key -> new VerifyingSource(new Source(), digests))) {
            start(handler);
            var mount = kernel.mount("image");
            assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
            mount.unmount();
        }
    }
}
