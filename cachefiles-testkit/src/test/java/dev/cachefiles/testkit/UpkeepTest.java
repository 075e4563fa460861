// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.cache.CullReport;
import dev.cachefiles.cache.CullingPolicy;
import dev.cachefiles.spi.CacheFiles;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A server that keeps its cache within limits. */
class UpkeepTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 4;
    private static final VolumeKey DOMAIN = VolumeKey.of("erofs,dom");

    /** The watchdog and the upkeep. */
    private static final int SLEEPERS = 2;

    // Of 1000 blocks: run 70, cull 50, stop 10.
    private final FakeKernel kernel = FakeKernel.builder()
            .virtualTime()
            .attachDelay(0)
            .capacity(1000 * BLOCK)
            .build();
    private final TestBlob blob = new TestBlob(BLOCKS * BLOCK);
    private final List<CullReport> reports = new CopyOnWriteArrayList<>();
    private final List<Throwable> readFailures = new CopyOnWriteArrayList<>();
    private final List<Throwable> troubles = new CopyOnWriteArrayList<>();
    private final AtomicInteger rebirths = new AtomicInteger();
    private final AtomicInteger polls = new AtomicInteger();

    /** What happens once, in the midst of the next look: when what is there was measured. */
    private final AtomicReference<Runnable> duringLook = new AtomicReference<>(() -> {});

    private OnDemandServer server;

    private void start(CullingPolicy.Builder policy) throws IOException {
        CachefilesChannel channel = CachefilesChannel.open(Daemon.OPTIONS, new CachefilesProvider() {
            @Override
            public DeviceFile open(Path device) throws IOException {
                return new DelegatingDevice(kernel.open(device)) {
                    @Override
                    public int wantsCulling() {
                        polls.incrementAndGet();
                        duringLook.getAndSet(() -> {}).run();
                        return super.wantsCulling();
                    }
                };
            }

            @Override
            public CacheFiles files() {
                return kernel.files();
            }
        });
        server = OnDemandServer.builder(channel)
                .handler(blob)
                .culling(policy.build())
                .listener(new Ears())
                .start();
        kernel.awaitSleepers(SLEEPERS);
    }

    private final class Ears implements OnDemandListener {
        @Override
        public void culled(CullReport report) {
            reports.add(report);
        }

        @Override
        public void readFailed(dev.cachefiles.ReadRequest request, Throwable cause) {
            readFailures.add(cause);
        }

        @Override
        public void trouble(Throwable cause) {
            troubles.add(cause);
        }

        @Override
        public void cacheReopened() {
            rebirths.incrementAndGet();
        }
    }

    @AfterEach
    void stop() {
        server.close();
        KernelAssert.assertThat(kernel).isClean();
    }

    private FakeMount mounted(String name) throws Exception {
        FakeMount mount = kernel.mount("dom", name);
        assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
        return mount;
    }

    private void fill(String... names) throws Exception {
        for (String name : names) {
            unmount(mounted(name));
            kernel.awaitSleepers(SLEEPERS); // a look that began before would take it for open
            kernel.advance(Duration.ofMillis(1));
        }
    }

    private void unmount(FakeMount mount) throws Exception {
        mount.unmount();
        kernel.awaitAllAnswered();
        kernel.awaitOpenFds(0);
    }

    private boolean isStored(String name) {
        return kernel.disk().holds(DOMAIN, CookieKey.of(name));
    }

    private static void await(BooleanSupplier condition, String what) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(20)) {
                throw new AssertionError("waited for " + what);
            }
            Thread.onSpinWait();
        }
    }

    /** Leaves so many blocks free. */
    private void leave(int blocks) {
        kernel.disk().occupy(kernel.disk().free() - (long) blocks * BLOCK);
    }

    private void look() {
        kernel.awaitSleepers(SLEEPERS);
        kernel.advance(Duration.ofSeconds(1));
        kernel.awaitSleepers(SLEEPERS);
    }

    @Test
    void what_is_written_beyond_the_budget_is_made_up_for_at_once() throws Exception {
        start(CullingPolicy.builder().budget(10 * BLOCK, 8 * BLOCK));
        fill("a", "b");
        FakeMount mount = mounted("c");
        await(() -> !isStored("a"), "the least recently used to be culled, without any time passing");
        assertTrue(isStored("b"));
        unmount(mount);
        look();
        assertTrue(isStored("b") && isStored("c"));
        assertEquals(List.of(), troubles);
    }

    @Test
    void what_was_closed_over_budget_is_culled_at_the_next_look() throws Exception {
        start(CullingPolicy.builder().budget(3 * BLOCK));
        FakeMount mount = mounted("a");
        look();
        unmount(mount);
        look();
        await(() -> !isStored("a"), "it to be culled");
    }

    @Test
    void what_is_closed_while_too_much_was_in_use_is_culled_without_any_time_passing() throws Exception {
        start(CullingPolicy.builder().budget(3 * BLOCK));
        FakeMount mount = mounted("a");
        look();
        unmount(mount);
        await(() -> !isStored("a"), "it to be culled");
    }

    @Test
    void what_a_budget_has_left_does_not_grow_with_time() throws Exception {
        start(CullingPolicy.builder().budget(10 * BLOCK));
        fill("a", "b");
        FakeMount mount = kernel.mount("dom", "c");
        for (int i = 0; i < 3; i++) {
            look();
        }
        assertTrue(isStored("a"));
        assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
        await(() -> !isStored("a"), "the least recently used to be culled, without any time passing");
        unmount(mount);
    }

    @Test
    void what_is_written_during_a_look_beyond_the_budget_is_made_up_for_at_once() throws Exception {
        duringLook.set(() -> {
            try {
                for (String name : List.of("a", "b", "c")) {
                    FakeMount mount = kernel.mount("dom", name);
                    assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
                    mount.unmount();
                }
                kernel.awaitAllAnswered();
                kernel.awaitOpenFds(0);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        start(CullingPolicy.builder().budget(10 * BLOCK, 8 * BLOCK));
        await(() -> !reports.isEmpty(), "the second look, without any time passing");
        assertEquals(1, Stream.of("a", "b", "c").filter(name -> !isStored(name)).count());
        assertEquals(List.of(), troubles);
    }

    @Test
    void without_a_budget_too_the_disk_is_kept_from_filling_as_it_is_written() throws Exception {
        start(CullingPolicy.builder());
        fill("a", "b", "c", "d", "e", "f");
        FakeMount mount = kernel.mount("dom", "g");
        leave(52); // cull is 50
        look();
        assertTrue(isStored("a"));
        assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
        await(() -> kernel.disk().free() >= 70 * BLOCK, "room, without any time passing");
        unmount(mount);
    }

    @Test
    void what_a_daemon_before_has_left_counts() throws Exception {
        start(CullingPolicy.builder());
        fill("a", "b");
        server.close();
        start(CullingPolicy.builder().budget(5 * BLOCK));
        await(() -> !isStored("a"), "it to be culled");
        assertTrue(isStored("b"));
    }

    @Test
    void when_the_kernel_asks_objects_are_culled_until_there_is_enough() throws Exception {
        start(CullingPolicy.builder());
        fill("a", "b", "c", "d", "e", "f", "g");
        leave(49);
        FakeMount mount = kernel.mount("dom", "g"); // for which the kernel looks at the space
        look();
        await(() -> kernel.disk().free() >= 70 * BLOCK, "room");
        assertFalse(isStored("a"));
        assertTrue(isStored("g"));
        unmount(mount);
        assertEquals(1, reports.size());
        assertTrue(reports.getFirst().enough());
        look();
        assertEquals(1, reports.size());
    }

    @Test
    void a_read_that_finds_no_room_is_served_after_a_cull() throws Exception {
        start(CullingPolicy.builder());
        fill("a");
        FakeMount mount = kernel.mount("dom", "b");
        leave(10);
        assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
        assertFalse(isStored("a"));
        assertEquals(List.of(), readFailures);
        assertEquals(
                List.of("erofs,dom/a"),
                reports.getFirst().culled().stream().map(Object::toString).toList());
        unmount(mount);
    }

    @Test
    void without_anything_to_cull_a_read_fails_and_all_is_well_when_there_is_room() throws Exception {
        start(CullingPolicy.builder());
        FakeMount mount = kernel.mount("dom", "b");
        long free = kernel.disk().free();
        leave(10);
        assertThrows(IOException.class, () -> mount.read(0, BLOCK));
        assertEquals(Errno.ENOBUFS, ((CachefilesException) readFailures.getFirst()).errno());
        leave(5);
        assertThrows(IOException.class, () -> kernel.mount("dom", "c"));
        kernel.disk().release(free - 5 * BLOCK);
        assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
        unmount(mounted("c"), mount);
    }

    private void unmount(FakeMount... mounts) throws Exception {
        for (FakeMount mount : mounts) {
            mount.unmount();
        }
        kernel.awaitAllAnswered();
        kernel.awaitOpenFds(0);
    }

    @Test
    void a_mount_for_which_there_is_no_room_works_after_the_next_look() throws Exception {
        start(CullingPolicy.builder());
        fill("a", "b");
        leave(9);
        assertThrows(IOException.class, () -> kernel.mount("dom", "c"));
        look();
        await(() -> kernel.disk().free() == 17 * BLOCK, "both to be culled");
        unmount(mounted("c"));
    }

    @Test
    void a_dry_run_makes_no_room() throws Exception {
        start(CullingPolicy.builder().dryRun());
        fill("a");
        FakeMount mount = kernel.mount("dom", "b");
        leave(10);
        assertThrows(IOException.class, () -> mount.read(0, BLOCK));
        look();
        await(() -> !reports.isEmpty(), "a report");
        assertTrue(reports.getFirst().dryRun());
        assertTrue(isStored("a"));
        for (int i = 0; i < 20; i++) {
            look();
        }
        assertEquals(1, reports.size(), "the same is told once");
        unmount(mount);
    }

    @Test
    void a_flag_that_stays_set_costs_a_look_in_an_interval_and_no_more() throws Exception {
        start(CullingPolicy.builder());
        FakeMount mount = kernel.mount("dom", "b");
        leave(30);
        assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
        assertTrue(kernel.isCullingWanted());
        look();
        int before = polls.get();
        long waits = kernel.counters().deviceWaits();
        for (int i = 0; i < 50; i++) {
            look();
        }
        assertTrue(polls.get() - before <= 150, "polls: " + (polls.get() - before));
        assertTrue(kernel.counters().deviceWaits() - waits <= 5, "the loop must not see the flag");
        unmount(mount);
    }

    @Test
    void a_cache_that_was_bound_again_is_kept_too() throws Exception {
        start(CullingPolicy.builder().budget(5 * BLOCK));
        kernel.disk().fail();
        await(
                () -> {
                    kernel.advance(Duration.ofSeconds(1));
                    return rebirths.get() == 1;
                },
                "the cache to be bound again");
        fill("a", "b");
        await(
                () -> {
                    kernel.advance(Duration.ofSeconds(1));
                    return !isStored("a");
                },
                "it to be culled");
    }

    @Test
    void a_cache_that_shows_no_files_is_served_all_the_same() throws Exception {
        CachefilesChannel channel = CachefilesChannel.open(Daemon.OPTIONS, path -> kernel.open(path));
        server = OnDemandServer.builder(channel)
                .handler(blob)
                .culling(CullingPolicy.builder().budget(1).build())
                .listener(new Ears())
                .start();
        fill("a");
        await(() -> !troubles.isEmpty(), "the complaint");
        assertEquals(1, troubles.size());
    }
}
