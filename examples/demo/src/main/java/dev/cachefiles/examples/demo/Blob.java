// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A blob of the image: the image itself or an extra device.
 *
 * @param name the name under which the kernel asks for it
 * @param file where it is
 * @param size its size in bytes
 */
record Blob(String name, Path file, long size) {

    static Blob of(Path file) throws IOException {
        Path real = file.toRealPath();
        return new Blob(String.valueOf(real.getFileName()), real, Files.size(real));
    }

    Path directory() {
        Path parent = file.getParent();
        if (parent == null) {
            throw new IllegalStateException(file + " is not absolute");
        }
        return parent;
    }
}
