// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm.libc;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.spi.FileStatus;
import dev.cachefiles.spi.FreeSpace;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class FileCallsTest {
    private static final int ENOENT = 2;
    private static final int ENOTDIR = 20;
    private static final int EISDIR = 21;
    private static final int ELOOP = 40;
    private static final int ENOTEMPTY = 39;

    @TempDir
    private Path directory;

    private int fd;

    @BeforeEach
    void open() {
        fd = FileCalls.openDirectory(directory.toString());
        assertTrue(fd >= 0);
    }

    @AfterEach
    void close() {
        assertEquals(0, LibC.close(fd));
    }

    private static byte[] name(String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void layouts_and_flags_are_those_of_the_kernels_headers() {
        assertEquals(256, FileCalls.STATX.byteSize());
        assertEquals(28, FileCalls.STATX.byteOffset(groupElement("stx_mode")));
        assertEquals(32, FileCalls.STATX.byteOffset(groupElement("stx_ino")));
        assertEquals(48, FileCalls.STATX.byteOffset(groupElement("stx_blocks")));
        assertEquals(64, FileCalls.STATX.byteOffset(groupElement("stx_atime")));
        assertEquals(136, FileCalls.STATX.byteOffset(groupElement("stx_dev_major")));
        assertEquals(112, FileCalls.STATVFS.byteSize());
        assertEquals(32, FileCalls.STATVFS.byteOffset(groupElement("f_bavail")));
        assertEquals(48, FileCalls.STATVFS.byteOffset(groupElement("f_ffree")));
        assertEquals(new OpenFlags(0x10000, 0x20000), OpenFlags.of("amd64"));
        assertEquals(new OpenFlags(0x10000, 0x20000), OpenFlags.of("riscv64"));
        assertEquals(new OpenFlags(0x4000, 0x8000), OpenFlags.of("aarch64"));
    }

    @Test
    void a_directory_is_opened_by_its_name_and_no_link_is_followed() throws Exception {
        Files.createDirectory(directory.resolve("inner"));
        Files.createSymbolicLink(directory.resolve("link"), Path.of("inner"));
        Files.createFile(directory.resolve("file"));
        int inner = FileCalls.openDirectory(fd, name("inner"));
        assertTrue(inner >= 0);
        int parent = FileCalls.openDirectory(inner, name(".."));
        assertTrue(FileCalls.status(fd).isSameFile(FileCalls.status(parent)));
        assertFalse(FileCalls.status(fd).isSameFile(FileCalls.status(inner)));
        LibC.close(inner);
        LibC.close(parent);
        int link = FileCalls.openDirectory(fd, name("link"));
        assertTrue(link == -ELOOP || link == -ENOTDIR, "errno " + link);
        assertEquals(-ELOOP, FileCalls.openFile(fd, name("link")));
        assertEquals(-ENOTDIR, FileCalls.openDirectory(fd, name("file")));
        assertEquals(-ENOENT, FileCalls.openDirectory(fd, name("absent")));
    }

    @Test
    void a_name_that_is_a_path_is_never_looked_up() {
        assertThrows(IllegalArgumentException.class, () -> FileCalls.openDirectory(fd, name("a/b")));
        assertThrows(IllegalArgumentException.class, () -> FileCalls.unlink(fd, name("a\0b")));
        assertThrows(IllegalArgumentException.class, () -> FileCalls.status(fd, name("/etc")));
    }

    @Test
    void status_tells_type_size_blocks_and_times() throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[100_000]);
        Files.setAttribute(file, "lastAccessTime", java.nio.file.attribute.FileTime.from(Instant.ofEpochSecond(1234)));
        Files.createSymbolicLink(directory.resolve("link"), file);
        FileStatus status = FileCalls.status(fd, name("file"));
        assertEquals(FileStatus.Type.FILE, status.type());
        assertEquals(100_000, status.size());
        assertEquals(Instant.ofEpochSecond(1234), status.accessed());
        assertEquals(Files.getAttribute(file, "unix:ino"), status.inode());
        assertTrue(status.allocatedBytes() >= 100_000 && status.allocatedBytes() % 512 == 0, status.toString());
        assertEquals(FileStatus.Type.OTHER, FileCalls.status(fd, name("link")).type());
        assertEquals(FileStatus.Type.DIRECTORY, FileCalls.status(fd).type());
        assertEquals(-ENOENT, FileCalls.status(fd, name("absent")).result());
    }

    @Test
    void a_mount_point_shows() {
        int root = FileCalls.openDirectory("/");
        try {
            assertTrue(FileCalls.status(root, name("proc")).mountPoint());
            assertFalse(FileCalls.status(root, name("etc")).mountPoint());
        } finally {
            LibC.close(root);
        }
    }

    @Test
    void all_names_are_given_each_time_from_the_start() throws Exception {
        Set<String> expected = new TreeSet<>();
        for (int i = 0; i < 700; i++) {
            String each = i + "-" + "n".repeat(i % 200);
            Files.createFile(directory.resolve(each));
            expected.add(each);
        }
        for (int i = 0; i < 2; i++) {
            Set<String> found = new TreeSet<>();
            assertEquals(
                    0, FileCalls.names(fd, each -> assertTrue(found.add(new String(each, StandardCharsets.UTF_8)))));
            assertEquals(expected, found);
        }
    }

    @Test
    void space_is_that_of_the_file_system() throws Exception {
        FreeSpace space = FileCalls.space(fd);
        assertEquals(0, space.result());
        assertEquals(Files.getFileStore(directory).getTotalSpace(), space.blocks() * space.blockSize());
        assertTrue(space.freeFiles() <= space.files());
        assertEquals(-9, FileCalls.space(-1).result());
    }

    @Test
    void files_and_empty_directories_are_deleted_and_links_not_followed() throws Exception {
        Path kept = Files.createFile(directory.resolve("kept"));
        Files.createSymbolicLink(directory.resolve("link"), kept);
        Files.createDirectories(directory.resolve("full/inner"));
        assertEquals(0, FileCalls.unlink(fd, name("link")));
        assertFalse(Files.exists(directory.resolve("link"), LinkOption.NOFOLLOW_LINKS));
        assertTrue(Files.exists(kept));
        assertEquals(-EISDIR, FileCalls.unlink(fd, name("full")));
        assertEquals(-ENOTEMPTY, FileCalls.removeDirectory(fd, name("full")));
        Files.delete(directory.resolve("full/inner"));
        assertEquals(0, FileCalls.removeDirectory(fd, name("full")));
    }
}
