// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.cache.CacheCuller;
import dev.cachefiles.cache.CacheTree;
import dev.cachefiles.cache.CachedVolume;
import dev.cachefiles.cache.CullResult;
import dev.cachefiles.cache.ObjectPath;
import dev.cachefiles.cache.UseState;
import dev.cachefiles.spi.CacheFiles;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.DeviceFile;
import dev.cachefiles.spi.FileStatus;
import dev.cachefiles.spi.FreeSpace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Directories that someone has tampered with: on a real file system, with a kernel that carries no command out. */
@EnabledOnOs(OS.LINUX)
class HostileCacheTest {
    private static final VolumeKey VOLUME = VolumeKey.of("erofs,a");
    private static final CookieKey COOKIE = CookieKey.of("a");
    private static final ObjectPath PLACE = ObjectPath.of(VOLUME, COOKIE);

    @TempDir
    private Path directory;

    private Path cache;
    private Path volume;
    private Path fan;
    private Path outside;

    /** The commands that would have been carried out, but for the question whether the cache is in use. */
    private final List<String> commands = new ArrayList<>();

    @BeforeEach
    void makeCache() throws IOException {
        cache = Files.createDirectories(directory.resolve("root/cache"));
        Files.createDirectories(directory.resolve("root/graveyard"));
        volume = cache.resolve("Ierofs,a");
        fan = Files.createDirectories(volume.resolve(PLACE.fanOutName()));
        Files.writeString(fan.resolve("Da"), "cached");
        outside = Files.createDirectories(directory.resolve("outside"));
        Files.writeString(outside.resolve("Da"), "precious");
    }

    private CacheCuller culler() throws IOException {
        return culler(new LinuxCachefilesProvider());
    }

    private CacheCuller culler(CachefilesProvider provider) throws IOException {
        return new CacheCuller(CacheTree.open(directory.resolve("root"), provider), (in, command) -> {
            String text = new String(command.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
            if (text.equals("inuse cache") || text.equals("inuse graveyard")) {
                return -Errno.EBUSY.number();
            }
            commands.add(text);
            return Math.toIntExact(command.byteSize());
        });
    }

    private void assertRefused(Errno... errnos) throws IOException {
        try (CacheCuller culler = culler()) {
            CachefilesException e = assertThrows(CachefilesException.class, () -> culler.cull(VOLUME, COOKIE));
            assertTrue(List.of(errnos).contains(e.errno()), e.getMessage());
        }
        assertEquals(List.of(), commands);
    }

    @Test
    void an_untouched_one_is_culled() throws Exception {
        try (CacheCuller culler = culler()) {
            assertEquals(CullResult.CULLED, culler.cull(VOLUME, COOKIE));
        }
        assertEquals(List.of("cull Da"), commands);
    }

    /** All that this process has open below the test's directory, and where it is. */
    private List<String> traces() throws IOException {
        List<String> found = new ArrayList<>();
        try (var fds = Files.list(Path.of("/proc/self/fd"))) {
            for (Path fd : fds.toList()) {
                try {
                    found.add(Files.readSymbolicLink(fd).toString());
                } catch (NoSuchFileException e) {
                    // the fd of this very listing
                }
            }
        }
        String own = directory.toRealPath().toString();
        found.removeIf(name -> !name.startsWith(own));
        found.add(Files.readSymbolicLink(Path.of("/proc/self/cwd")).toString());
        return found;
    }

    /** Whatever is done, and whatever stands in the way of it. */
    @Test
    void nothing_is_left_open_and_the_process_stays_where_it_is() throws Exception {
        List<String> before = traces();
        try (CacheCuller culler = culler()) {
            List<String> own = traces();
            assertEquals(CullResult.CULLED, culler.cull(VOLUME, COOKIE));
            assertEquals(CullResult.ABSENT, culler.cull(VOLUME, CookieKey.of("absent")));
            assertEquals(CullResult.ABSENT, culler.cull(VolumeKey.of("erofs,absent"), COOKIE));
            assertEquals(UseState.FREE, culler.use(VOLUME, COOKIE));
            assertEquals(1, culler.cullObjects(VOLUME).culled());
            assertEquals(CullResult.CULLED, culler.cullVolume(VOLUME));
            assertEquals(own, traces());

            Files.move(fan, directory.resolve("moved"));
            Files.createSymbolicLink(fan, outside);
            assertThrows(CachefilesException.class, () -> culler.cull(VOLUME, COOKIE));
            Files.delete(fan);
            Files.move(directory.resolve("moved"), fan);
            Files.delete(fan.resolve("Da"));
            Files.createDirectory(fan.resolve("Da"));
            assertThrows(CachefilesException.class, () -> culler.cull(VOLUME, COOKIE));
            assertThrows(IllegalArgumentException.class, () -> culler.cull(VolumeKey.of("erofs,../x"), COOKIE));
            assertEquals(own, traces());
        }
        assertEquals(before, traces());
        for (Path moved : List.of(fan, volume)) {
            Path away = directory.resolve("away");
            try (CacheCuller culler = culler(new MovingProvider(PLACE.fanOutName(), moved, away))) {
                assertThrows(CachefilesException.class, () -> culler.cull(VOLUME, COOKIE));
            }
            Files.move(away, moved);
        }
        Files.createDirectories(directory.resolve("root/graveyard/0123456789abcdef/" + "d/".repeat(40)));
        try (CacheCuller culler = culler()) {
            assertThrows(CachefilesException.class, culler::emptyGraveyard);
        }
        CacheTree tree = CacheTree.open(directory.resolve("root"), new LinuxCachefilesProvider());
        assertThrows(
                CachefilesException.class,
                () -> new CacheCuller(tree, (in, command) -> Math.toIntExact(command.byteSize())));
        Files.move(cache, directory.resolve("moved"));
        Files.createSymbolicLink(cache, directory.resolve("moved"));
        assertThrows(CachefilesException.class, this::culler);
        assertEquals(before, traces());
    }

    @Test
    void a_volume_that_is_a_link_is_refused() throws Exception {
        Path elsewhere = Files.move(volume, directory.resolve("elsewhere"));
        Files.createSymbolicLink(volume, elsewhere);
        assertRefused(Errno.ENOTDIR, Errno.ELOOP);
    }

    @Test
    void a_directory_in_a_volume_that_is_a_link_is_refused() throws Exception {
        Files.delete(fan.resolve("Da"));
        Files.delete(fan);
        Files.createSymbolicLink(fan, outside);
        assertRefused(Errno.ENOTDIR, Errno.ELOOP);
    }

    @Test
    void a_name_that_is_a_link_or_a_directory_is_refused() throws Exception {
        Files.delete(fan.resolve("Da"));
        Files.createSymbolicLink(fan.resolve("Da"), outside.resolve("Da"));
        assertRefused(Errno.EINVAL);
        Files.delete(fan.resolve("Da"));
        Files.createDirectory(fan.resolve("Da"));
        assertRefused(Errno.EINVAL);
    }

    @Test
    void a_volume_that_is_a_file_is_refused() throws Exception {
        Files.move(volume, directory.resolve("elsewhere"));
        Files.createFile(volume);
        assertRefused(Errno.ENOTDIR);
        try (CacheCuller culler = culler()) {
            assertThrows(CachefilesException.class, () -> culler.cullVolume(VOLUME));
        }
        assertEquals(List.of(), commands);
    }

    /** Between the time at which a directory is opened and the command. */
    @Test
    void a_directory_that_is_moved_out_of_the_cache_meanwhile_is_refused() throws Exception {
        for (Path moved : List.of(fan, volume)) {
            Path away = directory.resolve("away");
            try (CacheCuller culler = culler(new MovingProvider(PLACE.fanOutName(), moved, away))) {
                CachefilesException e = assertThrows(CachefilesException.class, () -> culler.cull(VOLUME, COOKIE));
                assertEquals(Errno.ESTALE, e.errno());
            }
            Files.move(away, moved);
        }
        assertEquals(List.of(), commands);
    }

    /** Moves a directory as soon as one of a name was opened. */
    private static final class MovingProvider implements CachefilesProvider {
        private final String name;
        private final Path from;
        private final Path to;

        MovingProvider(String name, Path from, Path to) {
            this.name = name;
            this.from = from;
            this.to = to;
        }

        @Override
        public DeviceFile open(Path device) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CacheFiles files() {
            return new DelegatingFiles(LinuxCacheFiles.INSTANCE) {
                @Override
                public int openDirectory(int directory, byte[] bytes) {
                    int found = super.openDirectory(directory, bytes);
                    if (new String(bytes, StandardCharsets.UTF_8).equals(name)) {
                        try {
                            Files.move(from, to);
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    }
                    return found;
                }
            };
        }
    }

    @Test
    void a_cache_that_the_kernel_does_not_use_is_refused() throws Exception {
        CacheTree tree = CacheTree.open(directory.resolve("root"), new LinuxCachefilesProvider());
        CachefilesException e = assertThrows(
                CachefilesException.class,
                () -> new CacheCuller(tree, (in, command) -> Math.toIntExact(command.byteSize())));
        assertEquals(Errno.ESTALE, e.errno());
    }

    @Test
    void nothing_but_files_in_their_places_is_shown() throws Exception {
        Files.createSymbolicLink(fan.resolve("Dlink"), outside.resolve("Da"));
        Files.createDirectory(fan.resolve("Ddirectory"));
        Files.createSymbolicLink(volume.resolve("@zz"), outside);
        Files.createSymbolicLink(cache.resolve("Ilink"), outside);
        Files.createFile(cache.resolve("Ifile"));
        Files.createDirectory(cache.resolve("other"));
        Files.createFile(fan.resolve("Dmisplaced-or-so"));
        try (CacheTree tree = CacheTree.open(directory.resolve("root"), new LinuxCachefilesProvider())) {
            List<CachedVolume> volumes = tree.volumes();
            assertEquals(1, volumes.size());
            assertEquals(
                    List.of("erofs,a/?Dmisplaced-or-so", "erofs,a/a"),
                    volumes.getFirst().objects().stream()
                            .map(Object::toString)
                            .sorted()
                            .toList());
        }
    }

    @Test
    void a_graveyard_is_emptied_without_leaving_it() throws Exception {
        Path graveyard = directory.resolve("root/graveyard");
        Path grave = Files.createDirectories(graveyard.resolve("0123456789abcdef/@00/deep/er"));
        Files.writeString(grave.resolve("file"), "buried");
        Files.createSymbolicLink(grave.resolve("link"), outside);
        Files.createSymbolicLink(graveyard.resolve("0123456789abcdef/@01"), outside);
        Files.createSymbolicLink(graveyard.resolve("fedcba9876543210"), outside);
        Files.createDirectory(graveyard.resolve("other"));
        try (CacheCuller culler = culler()) {
            assertEquals(2, culler.emptyGraveyard());
        }
        try (var left = Files.list(graveyard)) {
            assertEquals(List.of(graveyard.resolve("other")), left.toList());
        }
        assertEquals("precious", Files.readString(outside.resolve("Da")));
    }

    @Test
    void a_grave_deeper_than_any_volume_is_left() throws Exception {
        Path grave = directory.resolve("root/graveyard/0123456789abcdef");
        Files.createDirectories(grave.resolve("d/".repeat(40)));
        try (CacheCuller culler = culler()) {
            assertThrows(CachefilesException.class, culler::emptyGraveyard);
        }
        assertTrue(Files.exists(grave, LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    void what_lies_there_in_place_of_a_cache_is_no_cache() throws Exception {
        Files.move(cache, directory.resolve("moved"));
        Files.createSymbolicLink(cache, directory.resolve("moved"));
        CachefilesException e = assertThrows(
                CachefilesException.class,
                () -> CacheTree.open(directory.resolve("root"), new LinuxCachefilesProvider()));
        assertTrue(List.of(Errno.ENOTDIR, Errno.ELOOP).contains(e.errno()), e.getMessage());
    }

    /** Passes all calls on. */
    private static class DelegatingFiles implements CacheFiles {
        private final CacheFiles files;

        DelegatingFiles(CacheFiles files) {
            this.files = files;
        }

        @Override
        public int openRoot(Path root) {
            return files.openRoot(root);
        }

        @Override
        public int openDirectory(int directory, byte[] name) {
            return files.openDirectory(directory, name);
        }

        @Override
        public int openFile(int directory, byte[] name) {
            return files.openFile(directory, name);
        }

        @Override
        public void close(int handle) {
            files.close(handle);
        }

        @Override
        public int names(int directory, Consumer<byte[]> names) {
            return files.names(directory, names);
        }

        @Override
        public FileStatus status(int directory, byte[] name) {
            return files.status(directory, name);
        }

        @Override
        public FileStatus status(int handle) {
            return files.status(handle);
        }

        @Override
        public FreeSpace space(int handle) {
            return files.space(handle);
        }

        @Override
        public int sync(int handle) {
            return files.sync(handle);
        }

        @Override
        public int attribute(int file, String name, MemorySegment target) {
            return files.attribute(file, name, target);
        }

        @Override
        public long read(int file, MemorySegment target, long position) {
            return files.read(file, target, position);
        }

        @Override
        public long seekData(int file, long position) {
            return files.seekData(file, position);
        }

        @Override
        public long seekHole(int file, long position) {
            return files.seekHole(file, position);
        }

        @Override
        public int removeFile(int directory, byte[] name) {
            return files.removeFile(directory, name);
        }

        @Override
        public int removeDirectory(int directory, byte[] name) {
            return files.removeDirectory(directory, name);
        }
    }
}
