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
import dev.cachefiles.kerneltests.support.FreeSpaceWatch;
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
 * A disk on which a part of the images has room, and {@code blob-server --budget}. The disk has 96 MiB. If the property
 * {@code cachefiles.budget.disk} says how many it is to have, the images have four times as many in sum; see the
 * variable {@code CACHEFILES_BUDGET_DISK} of {@code kernel-tests/run}.
 */
class BudgetTest {
    private static final String GIVEN_DISK = System.getProperty("cachefiles.budget.disk", "");
    private static final long DISK = (GIVEN_DISK.isEmpty() ? 96 : Long.parseLong(GIVEN_DISK)) << 20;
    private static final long BUDGET = DISK / 2;
    private static final int IMAGES = GIVEN_DISK.isEmpty() ? 8 : 32;
    private static final int IMAGE = (int) (DISK / 8);

    /** Mounted, and so in use, all the time. */
    private static final int KEPT_IMAGE = 1 << 20;

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    @TempDir
    private static Path directory;

    private static void makeImage(Path blobs, String name, int size) throws IOException {
        Path tree = Files.createDirectory(directory.resolve(name));
        SourceTree.write(tree.resolve("data"), new Random(name.hashCode()), size);
        ErofsImage.make(blobs.resolve(name), tree);
    }

    /** The guest's memory is not large. */
    private static void deleteImage(Path blobs, String name) throws IOException {
        Files.delete(blobs.resolve(name));
        Files.delete(directory.resolve(name).resolve("data"));
    }

    private static void assertReadable(ErofsMount mount, String name) {
        Shell.run(
                        "cmp",
                        directory.resolve(name).resolve("data").toString(),
                        mount.file("data").toString())
                .orThrow();
    }

    @Test
    @Row(52)
    void images_that_have_room_only_one_after_the_other_are_all_served(@TempDir Path blobs) throws Exception {
        long start = System.nanoTime();
        try (LoopDisk disk = LoopDisk.create(DISK, 512, 4096);
                var server =
                        BlobServerProcess.start(disk.point(), blobs, "--budget", Long.toString(BUDGET), "--verbose");
                var watch = FreeSpaceWatch.start(disk.point())) {
            // Cached before all others, so that it would be culled first were it not in use.
            makeImage(blobs, "kept", KEPT_IMAGE);
            try (var mount = ErofsMount.mount("fsid=kept")) {
                assertReadable(mount, "kept");
            }
            try (var kept = ErofsMount.mount("fsid=kept")) {
                for (int i = 0; i < IMAGES; i++) {
                    String name = "image-" + i;
                    makeImage(blobs, name, IMAGE);
                    try (var mount = ErofsMount.mount("fsid=" + name)) {
                        assertReadable(mount, name);
                    }
                    deleteImage(blobs, name);
                }
                Shell.sh("echo 3 >/proc/sys/vm/drop_caches").orThrow();
                assertReadable(kept, "kept");
            }
            awaitWithin(disk.point());
            System.out.printf(
                    "budget: %d images, %d MiB in sum, disk %d MiB, budget %d MiB: least free %d KiB, in the end %d KiB"
                            + " used, %d culls, %d s%n",
                    IMAGES,
                    ((long) IMAGES * IMAGE) >> 20,
                    DISK >> 20,
                    BUDGET >> 20,
                    watch.least() >> 10,
                    used(disk.point()) >> 10,
                    server.log()
                            .lines()
                            .filter(line -> line.contains("culled: "))
                            .count(),
                    TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
            assertTrue(watch.least() > DISK / 20, "the disk had only " + watch.least() + " bytes free");
            assertTrue(
                    server.log()
                            .lines()
                            .anyMatch(line -> line.contains("culled: ") && line.contains("image-0/image-0")),
                    server.log());
            assertFalse(
                    server.log().lines().anyMatch(line -> line.contains("culled: ") && line.contains("kept/kept")),
                    "what was in use was culled");
            assertEquals(0, server.terminate(), server.log());
            server.awaitLine("failures=0");
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
