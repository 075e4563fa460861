// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.examples.blobserver.archive.CacheArchive.Count;
import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Archives good and hostile; that the kernel takes what was imported is in the kernel tests. */
@EnabledOnOs(OS.LINUX)
class CacheArchiveTest {
    private static final int BLOCK = 4096;
    private static final long SIZE = 50L << 20;

    @TempDir
    private Path root;

    private Path source = Path.of("");
    private Path target = Path.of("");
    private Path archive = Path.of("");

    @BeforeEach
    void directories() throws IOException {
        source = Files.createDirectories(root.resolve("source"));
        target = Files.createDirectories(root.resolve("target"));
        archive = root.resolve("cache.tar");
        Files.createDirectories(source.resolve("cache"));
    }

    private static void attribute(Path file, byte[] value) throws IOException {
        Files.getFileAttributeView(file, UserDefinedFileAttributeView.class)
                .write(CacheContents.ATTRIBUTE, ByteBuffer.wrap(value));
    }

    /** A file with a block of data and holes around it. */
    private Path object(String volume, String fanOut, String name) throws IOException {
        Path directory = source.resolve("cache").resolve(volume);
        Files.createDirectories(directory.resolve(fanOut));
        attribute(directory, new byte[4]);
        Path file = directory.resolve(fanOut).resolve(name);
        try (var out = new RandomAccessFile(file.toFile(), "rw")) {
            out.setLength(SIZE);
            out.seek(SIZE / 2);
            out.write(name.repeat(BLOCK).substring(0, BLOCK).getBytes(StandardCharsets.US_ASCII));
        }
        attribute(
                file,
                ByteBuffer.allocate(18)
                        .putLong(SIZE)
                        .putLong(0)
                        .put((byte) 1)
                        .put((byte) 0)
                        .array());
        return file;
    }

    private static long allocated(Path file) throws IOException {
        var process = new ProcessBuilder("stat", "--format=%b", file.toString()).start();
        return 512
                * Long.parseLong(
                        new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip());
    }

    @Test
    void a_cache_arrives_as_it_was() throws IOException {
        Path plain = object("Ierofs,test.img", "@f7", "Dtest.img");
        Path odd = object("Ierofs,dom3", "@77", "S78c3bc79");
        object("Ierofs,two words", "@f8", "E0x1yo");
        assertEquals(new Count(3, 0), CacheArchive.export(source, archive));
        assertTrue(Files.size(archive) < 100_000, "holes take no room");
        assertEquals(new Count(3, 0), CacheArchive.importInto(target, archive));
        for (Path file : List.of(plain, odd)) {
            Path copy = target.resolve(source.relativize(file));
            assertEquals(-1, Files.mismatch(file, copy));
            assertTrue(allocated(copy) <= 8 * BLOCK, "holes stay holes");
            assertArrayEquals(CacheContents.attribute(file), CacheContents.attribute(copy));
            assertEquals(
                    "[OWNER_READ, OWNER_WRITE]",
                    Files.getPosixFilePermissions(copy).stream()
                            .sorted()
                            .toList()
                            .toString());
        }
        assertEquals(new Count(3, 0), CacheArchive.verify(target));
        assertEquals(List.of(), CacheArchive.differences(target, archive));
        try (Stream<Path> left = Files.list(target)) {
            assertEquals(List.of(target.resolve("cache")), left.toList(), "nothing beside the cache");
        }
    }

    @Test
    void what_the_cache_has_already_stays() throws IOException {
        Path file = object("Ierofs,a", "@01", "Da");
        CacheArchive.export(source, archive);
        try (var out = new RandomAccessFile(file.toFile(), "rw")) {
            out.write(7);
        }
        object("Ierofs,a", "@02", "Db");
        assertEquals(new Count(0, 1), CacheArchive.importInto(source, archive));
        try (var in = new RandomAccessFile(file.toFile(), "r")) {
            assertEquals(7, in.read());
        }
        List<String> differences = CacheArchive.differences(source, archive);
        assertTrue(differences.toString().contains("Ierofs,a/@01/Da: "), differences.toString());
    }

    private void assertRefused(String why) throws IOException {
        var refusal = assertThrows(Refusal.class, () -> CacheArchive.importInto(target, archive));
        assertTrue(String.valueOf(refusal.getMessage()).contains(why), refusal.getMessage());
        try (Stream<Path> left = Files.walk(target)) {
            assertEquals(List.of(target), left.toList());
        }
    }

    private void tar(Path directory, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of("tar", "-cf", archive.toString(), "--absolute-names", "--xattrs", "-C", directory.toString()));
        command.addAll(List.of(arguments));
        try {
            assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void names_that_lead_elsewhere_are_refused() throws IOException {
        Path precious = Files.writeString(root.resolve("precious"), "precious");
        tar(root, precious.toString());
        assertRefused("has no place in a cache: " + precious);
        tar(Files.createDirectories(root.resolve("deep/er")), "../../precious");
        assertRefused("../../precious");
        tar(root, "--transform=s,precious,Ierofs\\,a/../../../x,", "precious");
        assertRefused("has no place");
        tar(root, "--transform=s,precious,graveyard/x,", "precious");
        assertRefused("has no place");
        assertEquals("precious", Files.readString(precious));
    }

    @Test
    void links_and_devices_are_refused() throws IOException {
        Path volume = Files.createDirectories(root.resolve("evil/Ierofs,a/@00"));
        Files.createSymbolicLink(volume.resolve("Dlink"), root);
        tar(root.resolve("evil"), "Ierofs,a");
        assertRefused("neither a directory nor a file: l");
        Files.delete(volume.resolve("Dlink"));
        Files.writeString(volume.resolve("Da"), "a");
        Files.createLink(volume.resolve("Db"), volume.resolve("Da"));
        tar(root.resolve("evil"), "Ierofs,a");
        assertRefused("neither a directory nor a file: h");
    }

    @Test
    void files_that_the_kernel_would_not_know_are_refused() throws IOException {
        Path file = object("Ierofs,a", "@01", "Da");
        attribute(file, new byte[18]);
        tar(source.resolve("cache"), "--xattrs-include=*", ".");
        assertRefused("is not of this protocol");
        attribute(
                file,
                ByteBuffer.allocate(18)
                        .putLong(SIZE + 1)
                        .putLong(0)
                        .put((byte) 1)
                        .put((byte) 0)
                        .array());
        tar(source.resolve("cache"), "--xattrs-include=*", ".");
        assertRefused("stands for an object of " + (SIZE + 1));
        tar(source.resolve("cache"), "--no-xattrs", ".");
        assertRefused("lacks the attribute");
    }

    @Test
    void an_archive_that_was_cut_off_is_refused() throws IOException {
        object("Ierofs,a", "@01", "Da");
        CacheArchive.export(source, archive);
        byte[] whole = Files.readAllBytes(archive);
        for (int size : new int[] {0, 1500, 2048, 5000}) {
            Files.write(archive, Arrays.copyOf(whole, size));
            assertRefused("was cut off");
        }
        // With the end of one, but without the rest of a file in it.
        Files.write(archive, Arrays.copyOf(Arrays.copyOf(whole, 7000), 7000 + 1024));
        assertRefused("tar has failed");
        Files.writeString(archive, "no archive");
        assertRefused("is no tar file");
    }

    @Test
    void what_is_no_cache_is_not_exported() throws IOException {
        assertThrows(Refusal.class, () -> CacheArchive.export(target, archive));
        object("Ierofs,a", "@01", "Da");
        Path stranger = Files.writeString(source.resolve("cache/Ierofs,a/@01/notes"), "");
        var refusal = assertThrows(Refusal.class, () -> CacheArchive.export(source, archive));
        assertTrue(String.valueOf(refusal.getMessage()).contains(stranger.toString()), refusal.getMessage());
        assertThrows(Refusal.class, () -> CacheArchive.verify(source));
    }

    @Test
    void no_archive_is_put_among_the_files_of_the_cache() throws IOException {
        object("Ierofs,a", "@01", "Da");
        Path link = Files.createSymbolicLink(root.resolve("link"), source.resolve("cache/Ierofs,a"));
        for (Path inside : List.of(source.resolve("cache/x.tar"), link.resolve("x.tar"))) {
            var refusal = assertThrows(Refusal.class, () -> CacheArchive.export(source, inside));
            assertTrue(String.valueOf(refusal.getMessage()).contains("inside of the cache"), refusal.getMessage());
        }
        assertEquals(new Count(1, 0), CacheArchive.verify(source));
        assertEquals(new Count(1, 0), CacheArchive.export(source, source.resolve("x.tar")), "beside it is well");
    }

    @Test
    void a_link_in_the_place_of_a_directory_is_not_followed() throws IOException {
        object("Ierofs,a", "@01", "Da");
        CacheArchive.export(source, archive);
        Path elsewhere = Files.createDirectory(root.resolve("elsewhere"));
        Files.createSymbolicLink(target.resolve("cache"), elsewhere);
        assertThrows(Refusal.class, () -> CacheArchive.importInto(target, archive));
        Files.delete(target.resolve("cache"));
        Files.createDirectory(target.resolve("cache"));
        Files.createSymbolicLink(target.resolve("cache/Ierofs,a"), elsewhere);
        assertThrows(Refusal.class, () -> CacheArchive.importInto(target, archive));
        try (Stream<Path> left = Files.list(elsewhere)) {
            assertEquals(0, left.count());
        }
        assertTrue(Files.isSymbolicLink(target.resolve("cache/Ierofs,a")));
        assertTrue(Files.notExists(target.resolve(".import"), LinkOption.NOFOLLOW_LINKS));
    }
}
