// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Directories for caches, on the disk that the virtual machine has for them. */
public final class CacheDirectory {
    private static final Path DISK = Path.of("/cache");

    private CacheDirectory() {}

    /** Makes an empty directory. */
    public static Path create() throws IOException {
        return Files.createTempDirectory(DISK, "fscache");
    }
}
