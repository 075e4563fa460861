// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.Errno;
import dev.cachefiles.spi.FileTrial;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class LinuxFileTrialTest {
    private static FileTrial tried(Path directory) {
        return new LinuxCachefilesProvider().tryFiles(directory);
    }

    @Test
    void leaves_nothing_in_a_directory(@TempDir Path directory) throws Exception {
        assertEquals(0, tried(directory).unnamedFile());
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void says_what_a_directory_lacks() {
        assertTrue(tried(Path.of("/proc")).unnamedFile() < 0);
        assertEquals(-Errno.ENOENT.number(), tried(Path.of("/absent")).unnamedFile());
    }
}
