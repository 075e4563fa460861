// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The file system of the cache, on a RAM disk: the disk of the machine shall have no say. */
final class CacheDisk {
    private static final String DEVICE = "/dev/ram0";
    private static final long SLACK = 4L << 20;
    private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(20);

    private final Path point;
    private boolean mounted;
    private long freeWhenEmpty;

    CacheDisk(Path point) throws IOException {
        this.point = Files.createDirectories(point);
    }

    /** Makes it anew. No daemon and no mount may hold it. */
    void format() throws IOException, InterruptedException {
        if (mounted) {
            Commands.run("umount", point.toString());
        }
        Commands.run("/sbin/mkfs.ext4", "-q", "-F", "-b", "4096", DEVICE);
        Commands.run("mount", "-t", "ext4", DEVICE, point.toString());
        mounted = true;
        freeWhenEmpty = freeBytes();
    }

    Path point() {
        return point;
    }

    long freeBytes() throws IOException {
        return Files.getFileStore(point).getUnallocatedSpace();
    }

    /**
     * Deletes what is cached of images that are not mounted any more. The kernel gives such a file its name only when the
     * daemon has let go of it, so that takes a moment.
     */
    void empty() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + LONGEST_WAIT;
        while (true) {
            List<Path> files;
            try (Stream<Path> walk = Files.walk(point.resolve("cache"))) {
                files = walk.filter(Files::isRegularFile).toList();
            }
            for (Path file : files) {
                Files.delete(file);
            }
            if (freeWhenEmpty - freeBytes() < SLACK + directories()) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new IOException(
                        "the cache does not get empty: " + freeBytes() + " bytes are free of " + freeWhenEmpty);
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    /** Each volume has 256 directories of a block. */
    private long directories() throws IOException {
        try (Stream<Path> volumes = Files.list(point.resolve("cache"))) {
            return volumes.count() << 21;
        }
    }
}
