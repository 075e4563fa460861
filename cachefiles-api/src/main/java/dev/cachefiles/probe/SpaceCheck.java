// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CacheOptions.Limits;
import dev.cachefiles.probe.Finding.Topic;
import dev.cachefiles.spi.CacheFiles;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.FreeSpace;
import java.util.List;

/** Whether the cache's file system has the room and the inodes that the limits ask for. */
final class SpaceCheck {
    private static final long PERCENT = 100;

    private final CacheOptions options;

    SpaceCheck(CacheOptions options) {
        this.options = options;
    }

    List<Finding> run(CachefilesProvider provider) {
        CacheFiles files;
        try {
            files = provider.files();
        } catch (UnsupportedOperationException e) {
            return List.of(); // it cannot tell
        }
        int root = files.openRoot(options.directory());
        if (root < 0) {
            return List.of();
        }
        try {
            FreeSpace space = files.space(root);
            return space.result() < 0 || space.blocks() == 0
                    ? List.of()
                    : List.of(
                            blocks(space.freeBlocks() * space.blockSize(), space.blocks() * space.blockSize()),
                            files(space.freeFiles(), space.files()));
        } finally {
            files.close(root);
        }
    }

    Finding blocks(long free, long total) {
        return finding(
                free,
                total,
                options.blockLimits(),
                'b',
                (free >> 20) + " of " + (total >> 20) + " MiB free",
                "free some, or lower the limit with CacheOptions.blockLimits");
    }

    /** A volume takes 257 of them. Some file systems have no number of them; then the kernel sees no lack either. */
    Finding files(long free, long total) {
        return finding(
                free,
                total,
                options.fileLimits(),
                'f',
                total == 0 ? "no limit of inodes" : free + " of " + total + " inodes free",
                "delete files, make the file system with more inodes, or lower the limit with CacheOptions.fileLimits");
    }

    private Finding finding(long free, long total, Limits limits, char kind, String room, String cure) {
        String what = options.directory() + " has " + room;
        if (free < total / PERCENT * limits.stop()) {
            return Finding.error(
                    Topic.SPACE,
                    what + ", less than the " + limits.stop() + "% (" + kind + "stop) below which the kernel caches"
                            + " nothing",
                    cure);
        }
        if (free < total / PERCENT * limits.cull()) {
            return Finding.warning(
                    Topic.SPACE,
                    what + ", less than the " + limits.cull() + "% (" + kind + "cull) below which the kernel asks for"
                            + " culling",
                    cure);
        }
        return Finding.ok(Topic.SPACE, what);
    }
}
