// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.blob.Amplification;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;
import dev.cachefiles.blob.layer.AccessLists;
import dev.cachefiles.blob.layer.ChunkDigests;
import dev.cachefiles.blob.layer.CorruptingSource;
import dev.cachefiles.blob.layer.DigestAlgorithm;
import dev.cachefiles.blob.layer.FailingSource;
import dev.cachefiles.blob.layer.Failover;
import dev.cachefiles.blob.layer.LocalTier;
import dev.cachefiles.blob.layer.PrefetchListener;
import dev.cachefiles.blob.layer.Prefetcher;
import dev.cachefiles.blob.layer.Retry;
import dev.cachefiles.blob.layer.VerifyingSource;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers over sources: what they promise reaches readers of a mount. */
class BlobLayersTest {
    private static final int CHUNK = 64 << 10;

    @TempDir
    private static Path directory;

    private static Path image;
    private static String expected;

    private final AtomicLong reads = new AtomicLong();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private @Nullable OnDemandServer server;

    @BeforeAll
    static void makeImage() throws Exception {
        Path tree = SourceTree.create(directory.resolve("tree"), 5);
        expected = SourceTree.digests(tree);
        image = ErofsImage.make(directory.resolve("image"), tree);
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    private void serve(BlobHandler handler) throws IOException {
        var listener = new OnDemandListener() {
            @Override
            public void read(ReadRequest request, Duration elapsed) {
                reads.incrementAndGet();
            }

            @Override
            public void readFailed(ReadRequest request, Throwable cause) {
                failures.add(cause);
            }
        };
        server = OnDemandServer.builder(CachefilesChannel.open(
                        CacheOptions.builder(CacheDirectory.create()).build()))
                .handler(handler)
                .listener(listener)
                .start();
    }

    /** The image, read with a file of its own each time: an interrupt closes no other's. */
    private record Image(Path file, long size) implements BlobSource {
        static Image open() throws IOException {
            try (FileChannel channel = FileChannel.open(image)) {
                return new Image(image, channel.size());
            }
        }

        @Override
        public String identity() {
            return "test:image";
        }

        @Override
        public void read(long offset, MemorySegment target) throws IOException {
            try (FileChannel channel = FileChannel.open(file)) {
                var buffer = target.asByteBuffer();
                while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {
                    // goes on
                }
            }
        }
    }

    @Test
    void what_is_fetched_ahead_is_never_asked_for() throws Exception {
        var completed = new CountDownLatch(1);
        try (var prefetcher = Prefetcher.builder()
                        .listener(new PrefetchListener() {
                            @Override
                            public void completed(BlobKey key) {
                                completed.countDown();
                            }
                        })
                        .build();
                var handler = new BlobHandler(key -> Image.open(), Amplification.OFF, prefetcher)) {
            serve(handler);
            try (var mount = ErofsMount.mount("fsid=image")) {
                assertTrue(completed.await(60, TimeUnit.SECONDS));
                long before = reads.get();
                assertEquals(expected, SourceTree.digests(mount.point()));
                assertEquals(before, reads.get(), "READs after everything was fetched");
            }
            stop();
        }
        assertEquals(List.of(), List.copyOf(failures));
    }

    @Test
    void what_was_read_is_recorded_and_fetched_ahead_next_time() throws Exception {
        var lists = new AccessLists(directory.resolve("lists"));
        try (var handler = new BlobHandler(lists.over(key -> Image.open()), Amplification.OFF)) {
            serve(handler);
            try (var mount = ErofsMount.mount("fsid=image")) {
                Shell.sh("sha256sum \"$1\"/file-1000003", mount.point().toString())
                        .orThrow();
            }
            stop();
        }
        var completed = new CountDownLatch(1);
        try (var prefetcher = Prefetcher.builder()
                        .lists(lists::find)
                        .whole(false)
                        .listener(new PrefetchListener() {
                            @Override
                            public void completed(BlobKey key) {
                                completed.countDown();
                            }
                        })
                        .build();
                var handler = new BlobHandler(key -> Image.open(), Amplification.OFF, prefetcher)) {
            serve(handler);
            try (var mount = ErofsMount.mount("fsid=image")) {
                assertTrue(completed.await(60, TimeUnit.SECONDS));
                long before = reads.get();
                Shell.sh("sha256sum \"$1\"/file-1000003", mount.point().toString())
                        .orThrow();
                assertEquals(before, reads.get(), "READs of what was recorded");
                assertEquals(expected, SourceTree.digests(mount.point()));
                assertTrue(reads.get() > before, "nothing else was fetched ahead");
            }
            stop();
        }
    }

    @Test
    void wrong_bytes_give_eio_and_right_ones_come_with_the_next_read() throws Exception {
        ChunkDigests digests = ChunkDigests.compute(DigestAlgorithm.SHA_256, CHUNK, Image.open());
        var wrong = new boolean[1];
        BlobResolver resolver = key -> new VerifyingSource(
                new ForwardingBlobSource(Image.open()) {
                    private final BlobSource corrupted = new CorruptingSource(source(), 1, 1);

                    @Override
                    public void read(long offset, MemorySegment target) throws IOException {
                        (wrong[0] ? corrupted : source()).read(offset, target);
                    }
                },
                digests);
        try (var handler = new BlobHandler(resolver, Amplification.OFF)) {
            serve(handler);
            try (var mount = ErofsMount.mount("fsid=image")) {
                wrong[0] = true;
                Shell.Result failed =
                        Shell.sh("cat \"$1\"/file-1000003", mount.point().toString());
                assertNotEquals(0, failed.status());
                assertTrue(failed.errors().contains("Input/output error"), failed.errors());
                wrong[0] = false;
                assertEquals(expected, SourceTree.digests(mount.point()));
            }
            stop();
        }
    }

    @Test
    void mirrors_that_fail_and_lie_give_right_bytes() throws Exception {
        ChunkDigests digests = ChunkDigests.compute(DigestAlgorithm.SHA_256, CHUNK, Image.open());
        try (LocalTier tier = LocalTier.open(directory.resolve("tier"), 64 << 20, CHUNK)) {
            BlobResolver lying = key ->
                    new VerifyingSource(new CorruptingSource(new FailingSource(Image.open(), 0.3, 1), 0.5, 2), digests);
            BlobResolver failing =
                    key -> new VerifyingSource(tier.over(new FailingSource(Image.open(), 0.5, 3)), digests);
            BlobResolver all = Retry.builder()
                    .attempts(50)
                    .waits(Duration.ofMillis(1), Duration.ofMillis(10))
                    .transientIf(e -> true)
                    .build()
                    .over(Failover.builder()
                            .mirror("lying", lying)
                            .mirror("failing", failing)
                            .build());
            try (var handler = new BlobHandler(all)) {
                serve(handler);
                try (var mount = ErofsMount.mount("fsid=image")) {
                    assertEquals(expected, SourceTree.digests(mount.point()));
                }
                stop();
            }
        }
        assertEquals(List.of(), List.copyOf(failures));
    }
}
