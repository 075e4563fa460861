// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.cache.CacheTree;
import dev.cachefiles.cache.CachedVolume;
import dev.cachefiles.ffm.LinuxCachefilesProvider;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.BlobServerProcess;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.LoopDisk;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A disk on which a fraction of the images has room, and {@code blob-server --budget}. The sizes are a quarter of those
 * that such a disk would have, unless the variable {@code CACHEFILES_BUDGET_SCALE} says 1.
 */
class BudgetTest {
    private static final int SCALE = scale();
    private static final long DISK = (256L << 20) / SCALE;
    private static final long BUDGET = (128L << 20) / SCALE;
    private static final int IMAGES = 21;
    private static final int IMAGE = (52 << 20) / SCALE;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    @TempDir
    private static Path directory;

    /** The least that was free, in bytes. */
    private volatile long leastFree = Long.MAX_VALUE;

    private static int scale() {
        String value = System.getenv("CACHEFILES_BUDGET_SCALE");
        return value == null ? 4 : Integer.parseInt(value);
    }

    private static Path makeImage(Path blobs, int number) throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree-" + number));
        SourceTree.write(tree.resolve("data"), new Random(number), IMAGE - (1 << 16));
        Path image = ErofsImage.make(blobs.resolve("image-" + number), tree);
        Files.writeString(directory.resolve("digest-" + number), digest(tree.resolve("data")));
        Shell.run("rm", "-r", tree.toString()).orThrow();
        return image;
    }

    private static String digest(Path file) {
        return Shell.run("sha256sum", file.toString()).orThrow().split(" ", 2)[0];
    }

    private static String expected(int number) throws IOException {
        return Files.readString(directory.resolve("digest-" + number));
    }

    @Test
    @Row(52)
    void images_that_have_room_only_one_after_the_other_are_all_served(@TempDir Path blobs) throws Exception {
        long start = System.nanoTime();
        try (LoopDisk disk = LoopDisk.create(DISK, 512, 4096);
                var server =
                        BlobServerProcess.start(disk.point(), blobs, "--budget", Long.toString(BUDGET), "--verbose")) {
            Thread watch = Thread.ofPlatform().daemon().start(() -> watch(disk.point()));
            // One that was cached before all others, and stays mounted, and so in use, all the time.
            makeImage(blobs, 0);
            try (var mount = ErofsMount.mount("fsid=image-0")) {
                assertEquals(expected(0), digest(mount.file("data")));
            }
            try (var kept = ErofsMount.mount("fsid=image-0")) {
                assertEquals(expected(0), digest(kept.file("data")));
                for (int i = 1; i < IMAGES; i++) {
                    Path image = makeImage(blobs, i);
                    try (var mount = ErofsMount.mount("fsid=image-" + i)) {
                        assertEquals(expected(i), digest(mount.file("data")), "image " + i);
                    }
                    Files.delete(image); // the guest's memory is not large
                }
                Shell.sh("echo 3 >/proc/sys/vm/drop_caches").orThrow();
                assertEquals(expected(0), digest(kept.file("data")), "the one that was in use");
            }
            awaitWithin(disk.point());
            assertTrue(server.log().contains("culled: ") && server.log().contains("image-1/image-1"), server.log());
            assertFalse(
                    server.log()
                            .lines()
                            .anyMatch(line -> line.contains("culled: ") && line.contains("image-0/image-0")),
                    "what was in use was culled");
            assertFalse(server.log().contains("READ"), server.log());
            watch.interrupt();
            watch.join();
            System.out.printf(
                    "budget: %d images, %d MiB in sum, disk %d MiB, budget %d MiB: least free %d KiB, in the end %d KiB"
                            + " used, %d culls, %d s%n",
                    IMAGES,
                    ((long) IMAGES * IMAGE) >> 20,
                    DISK >> 20,
                    BUDGET >> 20,
                    leastFree >> 10,
                    used(disk.point()) >> 10,
                    server.log()
                            .lines()
                            .filter(line -> line.contains("culled "))
                            .count(),
                    TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
            assertTrue(leastFree > DISK / 20, "the disk had only " + leastFree + " bytes free");
            assertEquals(0, server.terminate(), server.log());
        }
    }

    private void watch(Path point) {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                leastFree = Math.min(leastFree, Files.getFileStore(point).getUsableSpace());
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            }
        } catch (IOException e) {
            leastFree = 0;
        }
    }

    private static long used(Path cache) throws IOException {
        try (CacheTree tree = CacheTree.open(cache, new LinuxCachefilesProvider())) {
            return tree.volumes().stream().mapToLong(CachedVolume::totalBytes).sum();
        }
    }

    private static void awaitWithin(Path cache) throws IOException {
        long start = System.nanoTime();
        while (used(cache) > BUDGET) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new AssertionError("the cache has stayed over its budget: " + used(cache));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
    }
}
