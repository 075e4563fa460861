// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A mounted image. Mounting, unmounting and reading are left to processes of their own. */
public final class ErofsMount implements AutoCloseable {
    private final Path point;

    private ErofsMount(Path point) {
        this.point = point;
    }

    /** Mounts an image; the options are those of {@code mount -o}, such as {@code fsid=a,device=b}. */
    public static ErofsMount mount(String options) throws IOException {
        Path point = Files.createTempDirectory("mnt");
        Shell.Result result = attempt(options, point);
        if (result.status() != 0) {
            throw new IOException("mount -o " + options + ": " + result.errors());
        }
        return new ErofsMount(point);
    }

    /** Tries to mount; for tests that expect it to fail. */
    public static Shell.Result attempt(String options, Path point) {
        return Shell.run("mount", "-t", "erofs", "-o", options, "none", point.toString());
    }

    /** Where the image is mounted. */
    public Path point() {
        return point;
    }

    /** A file in the image. */
    public Path file(String name) {
        return point.resolve(name);
    }

    @Override
    public void close() {
        Shell.run("umount", point.toString()).orThrow();
    }
}
