// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** An ext4 file system on a loop device, with sectors and blocks of chosen sizes. */
public final class LoopDisk implements AutoCloseable {
    private static final long SIZE = 64L << 20;
    private static final int SECTOR = 512;

    private final Path file;
    private final String device;
    private final Path point;

    private LoopDisk(Path file, String device, Path point) {
        this.file = file;
        this.device = device;
        this.point = point;
    }

    /** Makes and mounts an empty file system. */
    public static LoopDisk create(int sectorSize, int blockSize) throws IOException {
        return create(SIZE, sectorSize, blockSize);
    }

    /** Makes and mounts an empty file system on a device of so many bytes. */
    public static LoopDisk create(long size, int sectorSize, int blockSize) throws IOException {
        Path file = Files.createTempFile(Path.of("/cache"), "loop", ".img");
        try (var space = new RandomAccessFile(file.toFile(), "rw")) {
            space.setLength(size);
        }
        return attach(
                file,
                sectorSize,
                device -> Shell.run("/sbin/mkfs.ext4", "-q", "-b", Integer.toString(blockSize), device)
                        .orThrow());
    }

    /**
     * Makes a copy as the disk is at this moment, without what only the kernel's memory has, and mounts it: what would be
     * found after a power cut.
     */
    public LoopDisk afterPowerCut() throws IOException {
        Path copy = Files.createTempFile(Path.of("/cache"), "loop", ".img");
        Shell.run("cp", "--sparse=always", file.toString(), copy.toString()).orThrow();
        return attach(copy, SECTOR, device -> {});
    }

    private static LoopDisk attach(Path file, int sectorSize, Consumer<String> prepare) throws IOException {
        String device = Shell.run(
                        "/sbin/losetup",
                        "--find",
                        "--show",
                        "--direct-io=on",
                        "--sector-size=" + sectorSize,
                        file.toString())
                .orThrow()
                .strip();
        var disk = new LoopDisk(file, device, Files.createTempDirectory("disk"));
        try {
            prepare.accept(device);
            Shell.run("mount", device, disk.point.toString()).orThrow();
        } catch (Throwable t) {
            Shell.run("/sbin/losetup", "--detach", device);
            throw t;
        }
        return disk;
    }

    /** Where it is mounted. */
    public Path point() {
        return point;
    }

    @Override
    public void close() throws IOException {
        Shell.run("umount", point.toString()).orThrow();
        Shell.run("/sbin/losetup", "--detach", device).orThrow();
        Files.delete(file);
        // A server that looked for its cache while the disk was not mounted has made one in the directory below.
        Shell.run("rm", "-r", "--one-file-system", point.toString()).orThrow();
    }
}
