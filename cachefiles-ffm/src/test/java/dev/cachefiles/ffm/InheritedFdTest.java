// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.DeviceFd;
import dev.cachefiles.Errno;
import dev.cachefiles.ffm.libc.LibC;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class InheritedFdTest {
    private static final CacheOptions OPTIONS =
            CacheOptions.builder(Path.of("/var/cache/fscache")).build();

    private static CachefilesException refusal(int fd) {
        return assertThrows(CachefilesException.class, () -> CachefilesChannel.adopt(OPTIONS, new DeviceFd(fd)));
    }

    @Test
    void an_fd_that_is_not_there_is_refused() {
        CachefilesException exception = refusal(999_999);
        assertEquals(Errno.EBADF, exception.errno());
        assertEquals("fd 999999", exception.subject());
    }

    @Test
    void nothing_is_written_into_another_file(@TempDir Path directory) throws Exception {
        Path file = Files.createFile(directory.resolve("precious"));
        for (Path other : List.of(file, Path.of("/dev/null"))) {
            int fd = LibC.open(other.toString(), LibC.O_RDWR);
            try {
                CachefilesException exception = refusal(fd);
                assertEquals(25, exception.errno().number());
                assertTrue(exception.getMessage().contains("not /dev/cachefiles but " + other), exception.getMessage());
            } finally {
                assertEquals(0, LibC.close(fd), "it is still open");
            }
        }
        assertEquals(0, Files.size(file));
    }

    @Test
    void the_device_is_known_by_its_number() {
        List<String> misc = List.of("235 autofs", " 58 cachefiles", "600 cachefiles");
        assertEquals(Set.of(0xa3a, 0x200a58), InheritedFd.deviceNumbers(misc));
        assertEquals(Set.of(), InheritedFd.deviceNumbers(List.of("", "58", "58 cachefiles2")));
    }

    @Test
    void the_mode_of_the_open_is_read() {
        assertEquals(02100002, InheritedFd.flags(List.of("pos:\t0", "flags:\t02100002", "mnt_id:\t5")));
        assertEquals(0, InheritedFd.flags(List.of()));
    }
}
