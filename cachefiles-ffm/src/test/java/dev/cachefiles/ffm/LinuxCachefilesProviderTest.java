// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class LinuxCachefilesProviderTest {

    @Test
    @EnabledOnOs(OS.LINUX)
    void is_found_by_the_channel() {
        var options = CacheOptions.builder(Path.of("/var/cache/fscache"))
                .device(Path.of("/dev/absent"))
                .build();
        var exception = assertThrows(CachefilesException.class, () -> CachefilesChannel.open(options));
        assertEquals("/dev/absent", exception.subject());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void an_absent_device_is_named_with_the_cure() {
        var exception = assertThrows(
                CachefilesException.class, () -> new LinuxCachefilesProvider().open(Path.of("/dev/absent")));
        assertEquals(Errno.ENOENT, exception.errno());
        assertEquals("/dev/absent", exception.subject());
        assertTrue(exception.cure().orElse("").contains("modprobe cachefiles"), exception.getMessage());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void nothing_is_written_over_what_is_in_a_file(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("precious"), "precious");
        CacheOptions options = CacheOptions.builder(directory).device(file).build();
        var exception = assertThrows(CachefilesException.class, () -> CachefilesChannel.open(options));
        assertEquals(file.toString(), exception.subject());
        assertEquals(25, exception.errno().number());
        assertTrue(exception.cure().orElse("").startsWith("it is a plain file"), exception.getMessage());
        assertEquals("precious", Files.readString(file));
        try (var fds = Files.list(Path.of("/proc/self/fd"))) {
            assertTrue(fds.noneMatch(fd -> leadsTo(fd, file)), "it is closed again");
        }
    }

    private static boolean leadsTo(Path link, Path file) {
        try {
            return Files.readSymbolicLink(link).equals(file);
        } catch (IOException e) {
            return false; // the fd of the very listing
        }
    }

    @Test
    void each_likely_error_of_open_has_a_cure() {
        assertTrue(LinuxCachefilesProvider.cure(Errno.EBUSY).contains("systemctl stop cachefilesd"));
        assertTrue(LinuxCachefilesProvider.cure(Errno.EPERM).contains("CAP_SYS_ADMIN"));
        assertTrue(LinuxCachefilesProvider.cure(Errno.EACCES).contains("root"));
        assertEquals("", LinuxCachefilesProvider.cure(Errno.ENOMEM));
    }

    @Test
    void platforms_without_the_kernels_abi_are_refused_clearly() {
        for (String architecture : new String[] {"amd64", "x86_64", "aarch64", "riscv64"}) {
            assertDoesNotThrow(
                    () -> LinuxCachefilesProvider.checkPlatform("Linux", architecture, ByteOrder.LITTLE_ENDIAN));
        }
        assertRefused("Mac OS X", "aarch64", ByteOrder.LITTLE_ENDIAN);
        assertRefused("Linux", "s390x", ByteOrder.BIG_ENDIAN);
        assertRefused("Linux", "arm", ByteOrder.LITTLE_ENDIAN);
        assertRefused("Linux", "x86", ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void the_soft_limit_of_open_files_is_raised_to_the_hard_one() throws Exception {
        String before = limits("Max open files");
        String hard = before.substring(before.indexOf(' ') + 1);
        String self = Long.toString(ProcessHandle.current().pid());
        var prlimit = new ProcessBuilder("prlimit", "--pid", self, "--nofile=300:" + hard)
                .inheritIO()
                .start();
        assertEquals(0, prlimit.waitFor());
        assertEquals("300 " + hard, limits("Max open files"));
        long raised = new LinuxCachefilesProvider().raiseFileLimit();
        assertEquals(hard + " " + hard, limits("Max open files"));
        assertEquals(hard.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(hard), raised);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void the_limit_of_file_sizes_is_raised_to_the_hard_one() throws Exception {
        String before = limits("Max file size");
        String hard = before.substring(before.indexOf(' ') + 1);
        String self = Long.toString(ProcessHandle.current().pid());
        var prlimit = new ProcessBuilder("prlimit", "--pid", self, "--fsize=1000000000:" + hard)
                .inheritIO()
                .start();
        assertEquals(0, prlimit.waitFor());
        assertEquals("1000000000 " + hard, limits("Max file size"));
        long raised = new LinuxCachefilesProvider().raiseFileSizeLimit();
        assertEquals(hard + " " + hard, limits("Max file size"));
        assertEquals(hard.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(hard), raised);
    }

    /** The soft and the hard limit. */
    private static String limits(String name) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/limits")).stream()
                .filter(line -> line.startsWith(name))
                .map(line -> line.replaceFirst(name + " +", "")
                        .replaceFirst(" +[a-z]+ *$", "")
                        .replaceAll(" +", " "))
                .findFirst()
                .orElseThrow();
    }

    private static void assertRefused(String system, String architecture, ByteOrder order) {
        var exception = assertThrows(
                UnsupportedOperationException.class,
                () -> LinuxCachefilesProvider.checkPlatform(system, architecture, order));
        assertTrue(exception.getMessage().contains(system + " on " + architecture), exception.getMessage());
    }
}
