// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.cache.CacheCuller;
import dev.cachefiles.cache.CacheKeeper;
import dev.cachefiles.cache.CacheTree;
import dev.cachefiles.cache.CachedObject;
import dev.cachefiles.cache.CachedVolume;
import dev.cachefiles.cache.CullReport;
import dev.cachefiles.cache.CullResult;
import dev.cachefiles.cache.CullSummary;
import dev.cachefiles.cache.CullingPolicy;
import dev.cachefiles.cache.UseState;
import dev.cachefiles.spi.CacheFiles;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.DeviceFile;
import dev.cachefiles.spi.FileStatus;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a channel culls, by itself and by rules. */
class CullerTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 4;
    private static final VolumeKey DOMAIN = VolumeKey.of("erofs,dom");
    private static final CacheOptions OPTIONS =
            CacheOptions.builder(Path.of("/cache")).build();

    private final FakeKernel kernel = FakeKernel.builder()
            .virtualTime()
            .attachDelay(0)
            .capacity(1000 * BLOCK)
            .build();
    private final TestBlob blob = new TestBlob(BLOCKS * BLOCK);
    private CachefilesChannel channel;
    private DeviceFile device;
    private Thread loop;
    private int listings;
    private String occupied = "";

    @BeforeEach
    void open() throws IOException {
        channel = CachefilesChannel.open(OPTIONS, new CachefilesProvider() {
            @Override
            public DeviceFile open(Path path) throws IOException {
                device = kernel.open(path);
                return device;
            }

            @Override
            public CacheFiles files() {
                return (CacheFiles) Proxy.newProxyInstance(
                        CacheFiles.class.getClassLoader(), new Class<?>[] {CacheFiles.class}, CullerTest.this::call);
            }
        });
        loop = Thread.ofPlatform().start(this::serve);
    }

    /** Calls the fake's files, and counts. A file called {@link #occupied} is a mount point. */
    private Object call(Object proxy, Method method, Object[] arguments) throws Throwable {
        if (method.getName().equals("names")) {
            listings++;
        }
        Object result = method.invoke(kernel.files(), arguments);
        return result instanceof FileStatus status
                        && arguments.length == 2
                        && new String((byte[]) arguments[1], StandardCharsets.ISO_8859_1).equals(occupied)
                ? new FileStatus(
                        status.result(),
                        status.type(),
                        true,
                        status.device(),
                        status.inode(),
                        status.size(),
                        status.allocatedBytes(),
                        status.accessed())
                : result;
    }

    private void serve() {
        while (channel.isOpen()) {
            try {
                switch (channel.take()) {
                    case OpenRequest open -> open.accept(blob.open(open));
                    case ReadRequest read -> {
                        blob.read(read);
                        read.complete();
                    }
                    case CloseRequest close -> close.complete();
                    case null -> {}
                }
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @AfterEach
    void close() throws Exception {
        channel.close();
        loop.join();
        KernelAssert.assertThat(kernel).isClean();
    }

    private void fill(String... names) throws Exception {
        for (String name : names) {
            FakeMount mount = kernel.mount("dom", name);
            assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
            unmount(mount);
            kernel.advance(Duration.ofMinutes(1));
        }
    }

    private void unmount(FakeMount mount) throws Exception {
        mount.unmount();
        kernel.awaitAllAnswered();
        kernel.awaitOpenFds(0);
    }

    private List<String> stored() throws IOException {
        try (CacheTree tree = CacheTree.open(OPTIONS.directory(), kernel)) {
            return tree.volumes().stream()
                    .flatMap(volume -> volume.objects().stream())
                    .map(CachedObject::toString)
                    .sorted()
                    .toList();
        }
    }

    private CullReport keep(CullingPolicy.Builder policy) throws Exception {
        try (var keeper = new CacheKeeper(channel, policy.build())) {
            return keeper.keep();
        }
    }

    @Test
    void the_tree_shows_what_is_cached() throws Exception {
        fill("a b", "c");
        try (CacheTree tree = CacheTree.open(OPTIONS.directory(), kernel)) {
            CachedVolume volume = tree.volume(DOMAIN).orElseThrow();
            assertEquals(List.of(volume), tree.volumes());
            assertEquals(1 + 256 + 2, volume.files());
            assertEquals(2 * BLOCKS * BLOCK, volume.totalBytes());
            CachedObject object = tree.object(DOMAIN, CookieKey.of("a b")).orElseThrow();
            assertTrue(volume.objects().contains(object));
            assertEquals("E0x1yo", object.fileName());
            assertEquals(OptionalLong.of(blob.bytes.length), object.size());
            assertEquals(BLOCKS * BLOCK, object.allocatedBytes());
            assertTrue(tree.object(DOMAIN, CookieKey.of("b")).isEmpty());
            assertTrue(
                    tree.object(VolumeKey.of("erofs,other"), CookieKey.of("c")).isEmpty());
            assertEquals(992 * BLOCK, tree.space().freeBytes());
        }
    }

    @Test
    void a_directory_without_a_cache_has_no_tree() {
        CachefilesException e =
                assertThrows(CachefilesException.class, () -> CacheTree.open(Path.of("/elsewhere"), kernel));
        assertEquals(Errno.ENOENT, e.errno());
    }

    @Test
    void what_is_not_in_use_is_culled_and_fetched_again() throws Exception {
        fill("a");
        long reads = kernel.counters().reads();
        try (CacheCuller culler = channel.culler()) {
            assertEquals(UseState.FREE, culler.use(DOMAIN, CookieKey.of("a")));
            FakeMount mount = kernel.mount("dom", "a");
            assertEquals(UseState.IN_USE, culler.use(DOMAIN, CookieKey.of("a")));
            assertEquals(UseState.IN_USE, culler.use(DOMAIN));
            assertEquals(CullResult.IN_USE, culler.cull(DOMAIN, CookieKey.of("a")));
            assertEquals(CullResult.IN_USE, culler.cullVolume(DOMAIN));
            unmount(mount);
            assertEquals(CullResult.CULLED, culler.cull(DOMAIN, CookieKey.of("a")));
            assertEquals(CullResult.ABSENT, culler.cull(DOMAIN, CookieKey.of("a")));
            assertEquals(UseState.ABSENT, culler.use(DOMAIN, CookieKey.of("a")));
        }
        assertEquals(List.of(), stored());
        fill("a");
        assertEquals(2 * reads, kernel.counters().reads());
    }

    @Test
    void a_blob_that_is_mounted_for_the_first_time_has_no_name_yet() throws Exception {
        FakeMount mount = kernel.mount("dom", "a");
        try (CacheCuller culler = channel.culler()) {
            assertEquals(CullResult.ABSENT, culler.cull(DOMAIN, CookieKey.of("a")));
            assertEquals(UseState.IN_USE, culler.use(DOMAIN));
        }
        unmount(mount);
    }

    @Test
    void a_domain_is_culled_but_for_what_is_in_use() throws Exception {
        fill("a", "b", "c");
        FakeMount mount = kernel.mount("dom", "b");
        try (CacheCuller culler = channel.culler()) {
            assertEquals(new CullSummary(2, 1, 2 * BLOCKS * BLOCK), culler.cullObjects(DOMAIN));
            assertEquals(new CullSummary(0, 0, 0), culler.cullObjects(VolumeKey.of("erofs,other")));
        }
        unmount(mount);
        assertEquals(List.of("erofs,dom/b"), stored());
    }

    @Test
    void a_volume_is_culled_with_all_that_is_in_it_and_made_again() throws Exception {
        fill("a", "b");
        try (CacheCuller culler = channel.culler()) {
            assertEquals(CullResult.CULLED, culler.cullVolume(DOMAIN));
            assertEquals(CullResult.ABSENT, culler.cullVolume(DOMAIN));
            assertEquals(0, culler.emptyGraveyard(), "it was emptied");
        }
        assertEquals(1000 * BLOCK, kernel.disk().free());
        fill("a");
        assertEquals(List.of("erofs,dom/a"), stored());
    }

    @Test
    void what_an_earlier_process_has_left_in_the_graveyard_is_deleted() throws Exception {
        fill("a");
        try (CacheTree tree = CacheTree.open(OPTIONS.directory(), kernel);
                CacheCuller culler = channel.culler()) {
            int root = kernel.files().openRoot(OPTIONS.directory());
            int cache = kernel.files().openDirectory(root, "cache".getBytes(StandardCharsets.UTF_8));
            // As by a process that is killed between the command and the deletion.
            MemorySegment command = MemorySegment.ofArray("cull Ierofs,dom".getBytes(StandardCharsets.UTF_8));
            assertEquals(command.byteSize(), device.writeIn(cache, command));
            kernel.files().close(cache);
            kernel.files().close(root);
            assertEquals(List.of(), tree.volumes());
            assertEquals(996 * BLOCK, kernel.disk().free());
            assertEquals(1, culler.emptyGraveyard());
            assertEquals(1000 * BLOCK, kernel.disk().free());
        }
    }

    @Test
    void a_directory_that_the_kernel_does_not_use_is_refused() throws Exception {
        CachefilesException e = assertThrows(
                CachefilesException.class,
                () -> new CacheCuller(
                        CacheTree.open(OPTIONS.directory(), kernel),
                        (directory, command) -> Math.toIntExact(command.byteSize())));
        assertTrue(e.getMessage().contains("was replaced"), e.getMessage());
        assertFalse(kernel.commands().stream().anyMatch(command -> command.startsWith("cull")));
    }

    @Test
    void a_closed_channel_culls_nothing() throws Exception {
        fill("a");
        try (CacheCuller culler = channel.culler()) {
            channel.close();
            CachefilesException e =
                    assertThrows(CachefilesException.class, () -> culler.cull(DOMAIN, CookieKey.of("a")));
            assertEquals(Errno.EBADF, e.errno());
        }
        assertThrows(ClosedChannelException.class, channel::culler);
        assertEquals(List.of("erofs,dom/a"), stored());
    }

    @Test
    void a_dead_cache_culls_nothing() throws Exception {
        fill("a");
        try (CacheCuller culler = channel.culler()) {
            kernel.disk().fail();
            CachefilesException e =
                    assertThrows(CachefilesException.class, () -> culler.cull(DOMAIN, CookieKey.of("a")));
            assertEquals(Errno.EIO, e.errno());
        }
    }

    // By rules

    @Test
    void after_the_first_look_no_directory_is_read_again() throws Exception {
        fill("a", "b");
        try (var keeper = new CacheKeeper(
                channel, CullingPolicy.builder().budget(12 * BLOCK).build())) {
            assertEquals(8 * BLOCK, keeper.keep().usedBytes());
            assertTrue(listings > 256, "the whole tree was read");
            listings = 0;
            FakeMount mount = kernel.mount("dom", "c");
            assertArrayEquals(blob.bytes, mount.read(0, blob.bytes.length));
            assertEquals(12 * BLOCK, keeper.keep().usedBytes());
            channel.openObjects().forEach(keeper::closed);
            unmount(mount);
            CullReport report = keeper.keep();
            assertEquals(12 * BLOCK, report.usedBytes());
            assertEquals(0, report.inUseBytes());
            fill("d"); // which the keeper was told nothing of
            FakeMount other = kernel.mount("other", "e");
            assertArrayEquals(blob.bytes, other.read(0, blob.bytes.length));
            report = keeper.keep();
            assertEquals(List.of("erofs,dom/a", "erofs,dom/b"), names(report).subList(0, 2));
            assertEquals(0, listings);
            unmount(other);
        }
    }

    @Test
    void a_file_that_cannot_be_culled_keeps_no_other_from_it() throws Exception {
        fill("a", "b", "c");
        occupied = "Da";
        CullReport report = keep(CullingPolicy.builder().budget(9 * BLOCK));
        assertEquals(List.of("erofs,dom/b", "erofs,dom/c"), names(report));
        assertTrue(report.enough());
        CachefilesException e = assertThrows(
                CachefilesException.class, () -> keep(CullingPolicy.builder().budget(BLOCK)));
        assertEquals(Errno.EXDEV, e.errno());
        occupied = "";
    }

    @Test
    void in_a_hurry_the_room_comes_first_and_the_directories_go_later() throws Exception {
        fill("a");
        try (var keeper =
                new CacheKeeper(channel, CullingPolicy.builder().budget(1).build())) {
            CullReport report = keeper.keep(() -> true);
            assertEquals(1, report.volumes());
            assertTrue(keeper.isUnfinished());
            assertEquals(List.of(), stored());
            int looks = 0;
            while (keeper.isUnfinished()) {
                keeper.keep(() -> true);
                looks++;
            }
            assertEquals(4, looks, "257 directories and a file, 64 at a time");
            assertEquals(0, keeper.emptyGraveyard());
        }
    }

    @Test
    void within_its_limits_a_cache_is_left_alone() throws Exception {
        fill("a", "b");
        CullReport report = keep(CullingPolicy.builder().budget(8 * BLOCK));
        assertTrue(report.enough());
        assertFalse(report.hasCulled());
        assertEquals(8 * BLOCK, report.usedBytes());
    }

    @Test
    void over_budget_the_least_recently_used_goes_first() throws Exception {
        fill("a", "b", "c");
        fill("a"); // again
        CullReport report = keep(CullingPolicy.builder().budget(11 * BLOCK, 8 * BLOCK));
        assertTrue(report.enough());
        assertEquals(List.of("erofs,dom/b"), names(report));
        assertEquals(8 * BLOCK, report.usedBytes());
        assertEquals(List.of("erofs,dom/a", "erofs,dom/c"), stored());
    }

    private static List<String> names(CullReport report) {
        return report.culled().stream().map(CachedObject::toString).toList();
    }

    @Test
    void what_is_in_use_counts_and_is_never_culled() throws Exception {
        fill("a", "b");
        FakeMount old = kernel.mount("dom", "a");
        FakeMount fresh = kernel.mount("dom", "new");
        assertArrayEquals(blob.bytes, fresh.read(0, blob.bytes.length));
        CullReport report = keep(CullingPolicy.builder().budget(BLOCK));
        assertEquals(List.of("erofs,dom/b"), names(report));
        assertFalse(report.enough());
        assertEquals(8 * BLOCK, report.usedBytes());
        assertEquals(8 * BLOCK, report.inUseBytes());
        assertEquals(1, report.inUse());
        unmount(old, fresh);
        assertTrue(keep(CullingPolicy.builder().budget(BLOCK)).enough());
    }

    private void unmount(FakeMount... mounts) throws Exception {
        for (FakeMount mount : mounts) {
            mount.unmount();
        }
        kernel.awaitAllAnswered();
        kernel.awaitOpenFds(0);
    }

    @Test
    void what_is_pinned_stays() throws Exception {
        fill("a", "b");
        CullReport report = keep(CullingPolicy.builder()
                .budget(5 * BLOCK)
                .pin((volume, cookie) -> volume.equals(DOMAIN) && cookie.equals(CookieKey.of("a"))));
        assertEquals(List.of("erofs,dom/b"), names(report));
        assertEquals(1, report.pinned());
        assertEquals(List.of("erofs,dom/a"), stored());
    }

    @Test
    void a_dry_run_only_tells() throws Exception {
        fill("a", "b");
        CullReport report = keep(CullingPolicy.builder().budget(7 * BLOCK).dryRun());
        assertTrue(report.dryRun());
        assertEquals(List.of("erofs,dom/a"), names(report));
        assertEquals(8 * BLOCK, report.usedBytes());
        assertEquals(List.of("erofs,dom/a", "erofs,dom/b"), stored());
    }

    @Test
    void with_its_last_object_a_volume_goes() throws Exception {
        fill("a");
        CullReport report = keep(CullingPolicy.builder().budget(1));
        assertEquals(1, report.volumes());
        assertEquals(List.of("erofs,dom/a"), names(report));
        try (CacheTree tree = CacheTree.open(OPTIONS.directory(), kernel)) {
            assertEquals(List.of(), tree.volumes());
        }
    }

    @Test
    void the_kernels_limits_are_kept_from_cull_to_run() throws Exception {
        fill("a", "b", "c", "d", "e", "f", "g");
        kernel.disk().occupy((1000 - 28 - 50) * BLOCK); // 50 are free, as many as cull asks for
        assertFalse(keep(CullingPolicy.builder()).hasCulled());
        kernel.disk().occupy(BLOCK);
        CullReport report = keep(CullingPolicy.builder());
        assertTrue(report.enough());
        assertEquals(6, report.culled().size(), "from 49 to at least 70");
        assertEquals(73 * BLOCK, kernel.disk().free());
    }

    @Test
    void where_what_is_in_use_leaves_too_little_room_the_report_says_so() throws Exception {
        fill("a", "b");
        FakeMount mount = kernel.mount("dom", "a");
        kernel.disk().occupy((1000 - 8 - 40) * BLOCK);
        CullReport report = keep(CullingPolicy.builder());
        assertEquals(List.of("erofs,dom/b"), names(report));
        assertFalse(report.enough(), "44 are free, fewer than cull asks for");
        unmount(mount);
        assertEquals(List.of("erofs,dom/a"), names(keep(CullingPolicy.builder())));
    }

    @Test
    void the_flag_of_the_kernel_counts_while_there_is_too_little() throws Exception {
        fill("a", "b", "c");
        kernel.disk().occupy((1000 - 12 - 49) * BLOCK);
        FakeMount mount = kernel.mount("dom", "d"); // for which the kernel looks at the space
        assertTrue(channel.isCullingWanted());
        kernel.disk().release(15 * BLOCK); // 64
        CullReport report = keep(CullingPolicy.builder());
        assertEquals(List.of("erofs,dom/a", "erofs,dom/b"), names(report));
        assertTrue(channel.isCullingWanted(), "it stays until the kernel looks again");
        assertFalse(keep(CullingPolicy.builder()).hasCulled(), "and says nothing while there is enough");
        unmount(mount);
    }
}
