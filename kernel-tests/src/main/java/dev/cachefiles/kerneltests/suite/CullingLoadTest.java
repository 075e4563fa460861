// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.cache.CacheTree;
import dev.cachefiles.cache.CachedVolume;
import dev.cachefiles.cache.CullReport;
import dev.cachefiles.cache.CullingPolicy;
import dev.cachefiles.ffm.LinuxCachefilesProvider;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.FileHandler;
import dev.cachefiles.kerneltests.support.FreeSpaceWatch;
import dev.cachefiles.kerneltests.support.LoopDisk;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Images that are read as fast as they come, on a disk that is too small for all of them. It has 32 MiB, or as many as the
 * property {@code cachefiles.budget.disk} says; then all else is larger by as much.
 */
class CullingLoadTest {
    private static final int DISK_MIB = 32;
    private static final long SCALE = Math.max(1, Long.getLong("cachefiles.budget.disk", DISK_MIB) / DISK_MIB);
    private static final long DISK = (SCALE * DISK_MIB) << 20;
    private static final int SMALL = 640 << 10;
    private static final int MEDIUM = 4 << 20;
    private static final int LARGE = 12 << 20;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    @TempDir
    private Path blobs;

    @TempDir
    private Path trees;

    private final List<CullReport> reports = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private LoopDisk disk;
    private OnDemandServer server;
    private FileHandler handler;
    private FreeSpaceWatch watch;
    private long start;

    @BeforeEach
    void makeDisk() throws IOException {
        disk = LoopDisk.create(DISK, 512, 4096);
        start = System.nanoTime();
    }

    @AfterEach
    void dropDisk() throws IOException {
        watch.close();
        server.close();
        disk.close();
    }

    private void serve(long budget) throws IOException {
        handler = new FileHandler(blobs);
        server = OnDemandServer.builder(CachefilesChannel.open(
                        CacheOptions.builder(disk.point()).build()))
                .handler(handler)
                .culling(CullingPolicy.builder().budget(budget).build())
                .listener(new Ears())
                .start();
        watch = FreeSpaceWatch.start(disk.point());
    }

    private final class Ears implements OnDemandListener {
        @Override
        public void culled(CullReport report) {
            reports.add(report);
        }

        @Override
        public void readFailed(ReadRequest request, Throwable cause) {
            failures.add(cause);
        }

        @Override
        public void trouble(Throwable cause) {
            failures.add(cause);
        }
    }

    /** An image with one file, and what is in that. */
    private record Image(String name, Path data) {}

    private Image image(String name, long size) throws IOException {
        Path tree = Files.createDirectory(trees.resolve(name));
        Path data = SourceTree.write(tree.resolve("data"), new Random(name.hashCode()), Math.toIntExact(size * SCALE));
        ErofsImage.make(blobs.resolve(name), tree);
        return new Image(name, data);
    }

    /** The same bytes under another name, which is another blob. */
    private Image another(String name, Image image) throws IOException {
        Files.createLink(blobs.resolve(name), blobs.resolve(image.name));
        return new Image(name, image.data);
    }

    private static void assertReadable(ErofsMount mount, Image image) {
        Shell.run("cmp", image.data.toString(), mount.file("data").toString()).orThrow();
    }

    private void mountAndRead(Image image, String domain) throws IOException {
        try (var mount = ErofsMount.mount(domain + "fsid=" + image.name)) {
            assertReadable(mount, image);
        }
    }

    private long used() throws IOException {
        try (CacheTree tree = CacheTree.open(disk.point(), new LinuxCachefilesProvider())) {
            return tree.volumes().stream().mapToLong(CachedVolume::totalBytes).sum();
        }
    }

    private void awaitUsed(long budget) throws IOException {
        long since = System.nanoTime();
        while (used() > budget) {
            if (System.nanoTime() - since > PATIENCE_NANOS) {
                throw new AssertionError("the cache has stayed over its budget: " + used());
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    private void tell(String what, long budget) {
        System.out.printf(
                "culling: %s: disk %d MiB, budget %d KiB: least free %d KiB, %d culls of %d objects and %d volumes, the"
                        + " longest %d ms, %d ms%n",
                what,
                DISK >> 20,
                budget >> 10,
                watch.least() >> 10,
                reports.size(),
                reports.stream().mapToInt(report -> report.culled().size()).sum(),
                reports.stream().mapToInt(CullReport::volumes).sum(),
                reports.stream()
                        .mapToLong(report -> report.elapsed().toMillis())
                        .max()
                        .orElse(0),
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
        assertEquals(List.of(), failures);
        assertTrue(watch.least() > DISK / 100, "the disk had only " + watch.least() + " bytes free");
    }

    @Test
    @Row(52)
    void one_after_the_other_each_in_a_volume_of_its_own() throws Exception {
        long budget = DISK / 2;
        serve(budget);
        Image[] some = {image("a", MEDIUM), image("b", MEDIUM), image("c", MEDIUM)};
        for (int i = 0; i < 12; i++) {
            mountAndRead(another("image-" + i, some[i % some.length]), "");
        }
        awaitUsed(budget);
        tell("one after the other", budget);
        // What is in use besides the budget is one image.
        assertTrue(watch.least() > DISK / 8, "the disk had only " + watch.least() + " bytes free");
    }

    @Test
    @Row(52)
    void large_and_small_ones_several_at_a_time_in_one_domain() throws Exception {
        long budget = DISK / 2;
        serve(budget);
        Image kept = image("kept", SMALL);
        Image small = image("small", SMALL);
        Image medium = image("medium", MEDIUM);
        Image large = image("large", LARGE);
        var random = new Random(1);
        mountAndRead(kept, "domain_id=d,");
        try (var always = ErofsMount.mount("domain_id=d,fsid=kept")) {
            long reads = handler.reads("kept");
            Deque<ErofsMount> mounted = new ArrayDeque<>();
            for (int i = 0; i < 24; i++) {
                Image image = i % 16 == 7 ? large : another("image-" + i, i % 8 == 3 ? medium : small);
                var mount = ErofsMount.mount("domain_id=d,fsid=" + image.name);
                mounted.add(mount);
                assertReadable(mount, image);
                while (image.equals(large) ? !mounted.isEmpty() : mounted.size() > random.nextInt(4)) {
                    mounted.remove().close();
                }
            }
            while (!mounted.isEmpty()) {
                mounted.remove().close();
            }
            Shell.sh("echo 3 >/proc/sys/vm/drop_caches").orThrow();
            assertReadable(always, kept);
            assertEquals(reads, handler.reads("kept"), "what was in use was culled");
        }
        awaitUsed(budget);
        tell("large and small in a domain", budget);
    }

    @Test
    @Row(52)
    void with_a_budget_smaller_than_one() throws Exception {
        long budget = DISK / 16;
        serve(budget);
        Image image = image("a", MEDIUM);
        for (int i = 0; i < 6; i++) {
            mountAndRead(another("image-" + i, image), "");
        }
        awaitUsed(budget);
        tell("smaller than one", budget);
        assertTrue(watch.least() > DISK / 4, "the disk had only " + watch.least() + " bytes free");
    }

    /** Then the limits of the kernel are the first. */
    @Test
    @Row(52)
    void with_a_budget_as_large_as_the_disk() throws Exception {
        serve(DISK);
        Image image = image("a", MEDIUM);
        for (int i = 0; i < 10; i++) {
            mountAndRead(another("image-" + i, image), "domain_id=d,");
        }
        tell("as large as the disk", DISK);
    }
}
