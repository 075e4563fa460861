// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
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
import dev.cachefiles.cache.ObjectPath;
import dev.cachefiles.cache.UseState;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.Shell;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the library culls, and what it refuses to. */
@Contract
class CullerTest {
    private static final int SIZE = 100_000;
    private static final VolumeKey DOMAIN = VolumeKey.of("erofs,d");
    private static final VolumeKey ALONE = VolumeKey.of("erofs,a");
    private static final CookieKey A = CookieKey.of("a");
    private static final String NO_FILE_SYSTEM = "the fake has no file system beside its cache";

    private static CachefilesChannel serve(KernelUnderTest kernel, ImageHandler handler) throws IOException {
        CachefilesChannel channel = CachefilesChannel.open(kernel.options(), kernel.provider());
        SdkDaemon.start(kernel, channel, handler, builder -> {});
        return channel;
    }

    /** Mounts, reads all and unmounts. */
    private static void fill(KernelUnderTest kernel, Image image, MountOptions... all) throws Exception {
        for (MountOptions options : all) {
            Mount mount = kernel.mount(options).mounted();
            assertArrayEquals(image.content(), mount.readAll(image).bytes());
            mount.unmount();
        }
    }

    private static MountOptions inDomain(String name) {
        return MountOptions.of(name).domain("d");
    }

    /** The kernel lets go of what was unmounted a little later. */
    private static void awaitFree(CacheCuller culler, VolumeKey volume) {
        SdkDaemon.await(
                () -> {
                    try {
                        return culler.use(volume) == UseState.FREE;
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                volume + " to be free");
    }

    private static Path workingDirectory() throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/self/cwd"));
    }

    /** All that this process has open but jars and libraries, of which it may open more at any time. */
    private static List<String> openFiles() throws IOException {
        List<String> found = new ArrayList<>();
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            for (Path fd : fds.toList()) {
                try {
                    found.add(Files.readSymbolicLink(fd).toString());
                } catch (IOException e) {
                    // the fd of this very listing
                }
            }
        }
        found.removeIf(name -> name.endsWith(".jar") || name.endsWith("/modules") || name.startsWith("/proc/"));
        found.replaceAll(name -> name.replaceAll("[0-9]{3,}", "N"));
        found.sort(null);
        return found;
    }

    @Test
    @Row(56)
    void what_is_not_in_use_is_culled_and_the_process_stays_where_it_is(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image);
        CachefilesChannel channel = serve(kernel, handler);
        fill(kernel, image, inDomain("a"), inDomain("b"));
        int reads = handler.reads().size();
        Path directory = workingDirectory();
        List<String> files = openFiles();
        try (CacheCuller culler = channel.culler()) {
            awaitFree(culler, DOMAIN);
            assertEquals(UseState.FREE, culler.use(DOMAIN, A));
            assertEquals(UseState.ABSENT, culler.use(DOMAIN, CookieKey.of("c")));
            assertEquals(UseState.ABSENT, culler.use(ALONE, A));

            Mount mount = kernel.mount(inDomain("a")).mounted();
            assertEquals(UseState.IN_USE, culler.use(DOMAIN, A));
            assertEquals(UseState.IN_USE, culler.use(DOMAIN));
            assertEquals(CullResult.IN_USE, culler.cull(DOMAIN, A));
            assertEquals(CullResult.IN_USE, culler.cullVolume(DOMAIN));
            assertEquals(directory, workingDirectory());
            assertArrayEquals(image.content(), mount.readAll(image).bytes());
            assertEquals(reads, handler.reads().size(), "all of it is still cached");
            mount.unmount();
            awaitFree(culler, DOMAIN);

            assertEquals(CullResult.CULLED, culler.cull(DOMAIN, A));
            assertEquals(CullResult.ABSENT, culler.cull(DOMAIN, A));
        }
        SdkDaemon.await(() -> kernel.openFds() == 0, "all fds to be closed");
        assertEquals(directory, workingDirectory());
        assertEquals(files, openFiles());
        fill(kernel, image, inDomain("b"));
        assertEquals(reads, handler.reads().size(), "b was left alone");
        fill(kernel, image, inDomain("a"));
        assertTrue(handler.reads().size() > reads, "a was fetched again");
    }

    @Test
    @Row(58)
    void a_volume_is_culled_with_all_that_is_in_it_and_made_again(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        CachefilesChannel channel = serve(kernel, new ImageHandler(image));
        fill(kernel, image, MountOptions.of("a"));
        try (CacheCuller culler = channel.culler()) {
            awaitFree(culler, ALONE);
            assertEquals(CullResult.CULLED, culler.cullVolume(ALONE));
            assertEquals(CullResult.ABSENT, culler.cullVolume(ALONE));
            assertEquals(0, culler.emptyGraveyard(), "it was emptied");
            assertEquals(0, kernel.storedFiles("a"));
            fill(kernel, image, MountOptions.of("a"));
            awaitFree(culler, ALONE);
            assertEquals(1, kernel.storedFiles("a"));
        }
    }

    @Test
    void a_domain_is_culled_but_for_what_is_in_use(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        CachefilesChannel channel = serve(kernel, new ImageHandler(image));
        fill(kernel, image, inDomain("a"), inDomain("b"), inDomain("c"));
        try (CacheCuller culler = channel.culler()) {
            awaitFree(culler, DOMAIN);
            Mount mount = kernel.mount(inDomain("b")).mounted();
            CullSummary summary = culler.cullObjects(DOMAIN);
            assertEquals(2, summary.culled());
            assertEquals(1, summary.inUse());
            assertTrue(summary.bytes() >= 2 * SIZE, summary.toString());
            assertEquals(
                    List.of("erofs,d/b"),
                    culler.tree().volume(DOMAIN).orElseThrow().objects().stream()
                            .map(CachedObject::toString)
                            .toList());
            mount.unmount();
        }
    }

    @Test
    @Row(59)
    void what_is_cached_under_hostile_names_is_found_shown_and_culled(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        CachefilesChannel channel = serve(kernel, new ImageHandler(image));
        List<String> names =
                List.of("..", "../../etc/passwd", "/", " ", "a b=\u00fc", "n".repeat(252), "\u00fc".repeat(94));
        for (String name : names) {
            fill(kernel, image, inDomain(name));
        }
        try (CacheCuller culler = channel.culler()) {
            awaitFree(culler, DOMAIN);
            CachedVolume volume = culler.tree().volume(DOMAIN).orElseThrow();
            assertEquals(
                    names.stream().sorted().toList(),
                    volume.objects().stream()
                            .map(object -> object.cookie().orElseThrow().text().orElseThrow())
                            .sorted()
                            .toList());
            for (String name : names) {
                CachedObject object =
                        culler.tree().object(DOMAIN, CookieKey.of(name)).orElseThrow();
                assertEquals(OptionalLong.of(image.length()), object.size(), name);
                assertTrue(object.allocatedBytes() >= SIZE, name);
                assertEquals(CullResult.CULLED, culler.cull(DOMAIN, CookieKey.of(name)), name);
                assertEquals(UseState.ABSENT, culler.use(DOMAIN, CookieKey.of(name)), name);
            }
            assertThrows(IllegalArgumentException.class, () -> culler.cull(DOMAIN, CookieKey.of("n".repeat(253))));
            assertThrows(IllegalArgumentException.class, () -> culler.cull(DOMAIN, CookieKey.of("\u00fc".repeat(126))));
            assertThrows(IllegalArgumentException.class, () -> culler.cullVolume(VolumeKey.of("erofs,../d")));
        }
        fill(kernel, image, inDomain(".."));
    }

    /** The kernel drops what follows a newline in a command: it would cull another volume. */
    @Test
    @Row(59)
    void a_volume_whose_name_no_command_can_hold_is_culled_object_by_object(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        CachefilesChannel channel = serve(kernel, new ImageHandler(image));
        fill(
                kernel,
                image,
                MountOptions.of("x").domain("d"),
                MountOptions.of("y").domain("d\nz"));
        VolumeKey odd = VolumeKey.of("erofs,d\nz");
        try (CacheCuller culler = channel.culler()) {
            awaitFree(culler, DOMAIN);
            assertThrows(IllegalArgumentException.class, () -> culler.cullVolume(odd));
            assertThrows(IllegalArgumentException.class, () -> culler.use(odd));
            SdkDaemon.await(
                    () -> {
                        try {
                            return culler.use(odd, CookieKey.of("y")) == UseState.FREE;
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    "its object");
            assertEquals(1, culler.cullObjects(odd).culled());
            assertEquals(UseState.FREE, culler.use(DOMAIN, CookieKey.of("x")));
        }
    }

    // Directories that someone has tampered with

    @Test
    @Row(57)
    @RealKernelOnly(NO_FILE_SYSTEM)
    void nothing_outside_of_the_cache_is_ever_culled(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        CachefilesChannel channel = serve(kernel, new ImageHandler(image));
        fill(kernel, image, MountOptions.of("a"));
        Path outside = CacheDirectory.create();
        Path precious = Files.writeString(outside.resolve("Da"), "precious");
        Path volume = kernel.options().directory().resolve("cache/Ierofs,a");
        Path fan = volume.resolve(ObjectPath.of(ALONE, A).fanOutName());
        Path moved = outside.resolve("moved");
        try (CacheCuller culler = channel.culler()) {
            awaitFree(culler, ALONE);

            Files.move(fan, moved);
            Files.createSymbolicLink(fan, outside);
            assertThrows(CachefilesException.class, () -> culler.cull(ALONE, A));
            Files.delete(fan);

            Files.createDirectory(fan);
            Shell.run("mount", "--bind", outside.toString(), fan.toString()).orThrow();
            assertEquals(
                    Errno.EXDEV,
                    assertThrows(CachefilesException.class, () -> culler.cull(ALONE, A))
                            .errno());
            Shell.run("umount", fan.toString()).orThrow();
            Shell.run("mount", "-t", "tmpfs", "none", fan.toString()).orThrow();
            Files.writeString(fan.resolve("Da"), "of another file system");
            assertThrows(CachefilesException.class, () -> culler.cull(ALONE, A));
            assertTrue(Files.exists(fan.resolve("Da")));
            Shell.run("umount", fan.toString()).orThrow();
            Files.delete(fan);
            Files.move(moved, fan);

            // A volume that is a mount point would end the whole cache.
            Shell.run("mount", "--bind", volume.toString(), volume.toString()).orThrow();
            assertThrows(CachefilesException.class, () -> culler.cullVolume(ALONE));
            Shell.run("umount", volume.toString()).orThrow();
            assertFalse(channel.isDead());

            assertEquals(CullResult.CULLED, culler.cull(ALONE, A));
        }
        assertEquals("precious", Files.readString(precious));
        fill(kernel, image, MountOptions.of("a"));
    }

    @Test
    @Row(57)
    @RealKernelOnly(NO_FILE_SYSTEM)
    void a_cache_directory_that_was_replaced_is_not_culled(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        CachefilesChannel channel = serve(kernel, new ImageHandler(image));
        Path directory = kernel.options().directory();
        Path moved = Files.move(directory, directory.resolveSibling(directory.getFileName() + "-moved"));
        try {
            Path other = Files.createDirectories(directory.resolve("cache/Ierofs,a/@00"));
            Files.createDirectories(directory.resolve("graveyard"));
            Files.writeString(other.resolve("Da"), "precious");
            CachefilesException e = assertThrows(CachefilesException.class, channel::culler);
            assertEquals(Errno.ESTALE, e.errno());
            assertTrue(Files.exists(other.resolve("Da")));
        } finally {
            Shell.run("rm", "-r", directory.toString()).orThrow();
            Files.move(moved, directory);
        }
        channel.culler().close();
    }

    @Test
    @Row(58)
    @RealKernelOnly(NO_FILE_SYSTEM)
    void a_graveyard_is_emptied_without_leaving_it(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        CachefilesChannel channel = serve(kernel, new ImageHandler(image));
        fill(kernel, image, MountOptions.of("a"));
        Path outside = CacheDirectory.create();
        Files.writeString(outside.resolve("file"), "precious");
        Path volume = kernel.options().directory().resolve("cache/Ierofs,a");
        Path graveyard = kernel.options().directory().resolve("graveyard");
        try (CacheCuller culler = channel.culler()) {
            awaitFree(culler, ALONE);
            Files.createSymbolicLink(volume.resolve("@00/link"), outside);
            Path mounted = Files.createDirectory(volume.resolve("@01/mounted"));
            Shell.run("mount", "--bind", outside.toString(), mounted.toString()).orThrow();
            assertThrows(CachefilesException.class, () -> culler.cullVolume(ALONE));
            assertEquals("precious", Files.readString(outside.resolve("file")));
            Path grave;
            try (Stream<Path> graves = Files.list(graveyard)) {
                grave = graves.findFirst().orElseThrow();
            }
            Shell.run("umount", grave.resolve("@01/mounted").toString()).orThrow();
            assertEquals(1, culler.emptyGraveyard());
        }
        try (Stream<Path> graves = Files.list(graveyard)) {
            assertEquals(List.of(), graves.toList());
        }
        assertEquals("precious", Files.readString(outside.resolve("file")));
        fill(kernel, image, MountOptions.of("a"));
    }

    // Without room

    @Test
    @Row(52)
    @CacheDisk
    @RealKernelOnly("the fake's disk has no end")
    void a_read_that_finds_no_room_is_served_after_a_cull(KernelUnderTest kernel) throws Exception {
        Image old = kernel.image(6_000_000);
        Image image = kernel.image(1_000_000);
        CachefilesChannel channel = CachefilesChannel.open(kernel.options(), kernel.provider());
        SdkDaemon daemon = SdkDaemon.start(
                kernel,
                channel,
                new ImageHandler(old) {
                    @Override
                    public long open(dev.cachefiles.OpenRequest request) throws IOException {
                        long size = super.open(request);
                        return request.cookie().equals(A) ? size : image.length();
                    }

                    @Override
                    protected void serve(dev.cachefiles.ReadRequest request) throws IOException {
                        if (request.object().cookie().equals(A)) {
                            super.serve(request);
                        } else {
                            new ImageHandler(image).read(request);
                        }
                    }
                },
                // Nothing happens by itself before the read needs it.
                builder -> builder.culling(CullingPolicy.builder()
                        .interval(java.time.Duration.ofHours(1))
                        .build()));
        fill(kernel, old, inDomain("a"));
        Mount mount = kernel.mount(inDomain("b")).mounted();
        FreeSpaceTest.leave(kernel, 0.005);
        assertTrue(isStored(kernel, A));
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        assertFalse(isStored(kernel, A));
        assertEquals(List.of(), daemon.readFailures());

        // With nothing left to cull the next fails, and is served as soon as there is room.
        Mount another = kernel.mount(inDomain("a")).mounted();
        FreeSpaceTest.leave(kernel, 0.005);
        assertEquals(Errno.EIO, another.read(0, 4096).error());
        assertEquals(Errno.ENOBUFS, kernel.mount(inDomain("c")).error());
        Files.delete(kernel.options().directory().resolve("filler"));
        Shell.run("sync", "--file-system", kernel.options().directory().toString())
                .orThrow();
        assertArrayEquals(old.content(), another.readAll(old).bytes());
        kernel.mount(inDomain("c")).mounted();
    }

    /** Between the limits cull and run, nothing but the flag tells whether there is enough. */
    @Test
    @Row(52)
    @CacheDisk
    @RealKernelOnly("the fake's disk has no end")
    void the_flag_of_the_kernel_is_followed_down_to_run(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(6_000_000);
        CachefilesChannel channel = serve(kernel, new ImageHandler(image));
        fill(kernel, image, inDomain("a"));
        Mount mount = kernel.mount(inDomain("b")).mounted();
        try (var keeper = new CacheKeeper(channel, CullingPolicy.builder().build())) {
            FreeSpaceTest.leave(kernel, 0.06);
            assertFalse(channel.isCullingWanted());
            assertFalse(keeper.keep().hasCulled(), "more is free than cull asks for");
            FreeSpaceTest.leave(kernel, 0.04);
            mount.read(0, 4096);
            SdkDaemon.await(() -> isWanted(channel), "the flag");
            FreeSpaceTest.leave(kernel, 0.06);
            assertTrue(channel.isCullingWanted(), "room alone does not clear it");
            CullReport report = keeper.keep();
            assertEquals(
                    List.of("erofs,d/a"),
                    report.culled().stream().map(CachedObject::toString).toList());
            assertTrue(report.enough());
            assertArrayEquals(image.content(), mount.readAll(image).bytes());
        }
    }

    private static boolean isWanted(CachefilesChannel channel) {
        try {
            return channel.isCullingWanted();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Without a budget: a server that sees the flag makes room by itself. */
    @Test
    @Row(52)
    @CacheDisk
    @RealKernelOnly("the fake's disk has no end")
    void a_server_makes_room_when_the_kernel_asks(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(6_000_000);
        CachefilesChannel channel = CachefilesChannel.open(kernel.options(), kernel.provider());
        SdkDaemon daemon = SdkDaemon.start(
                kernel,
                channel,
                new ImageHandler(image),
                builder -> builder.culling(CullingPolicy.builder().build()));
        fill(kernel, image, inDomain("a"));
        Mount mount = kernel.mount(inDomain("b")).mounted();
        FreeSpaceTest.leave(kernel, 0.04);
        mount.read(0, 4096);
        SdkDaemon.await(() -> !isStoredNow(kernel, A), "the least recently used to be culled");
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        assertEquals(List.of(), daemon.readFailures());
    }

    private static boolean isStoredNow(KernelUnderTest kernel, CookieKey cookie) {
        try {
            return isStored(kernel, cookie);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isStored(KernelUnderTest kernel, CookieKey cookie) throws IOException {
        try (CacheTree tree = CacheTree.open(kernel.options().directory(), kernel.provider())) {
            return tree.object(DOMAIN, cookie).isPresent();
        }
    }
}
