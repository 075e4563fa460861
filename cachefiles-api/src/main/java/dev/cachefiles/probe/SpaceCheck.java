// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CacheOptions.Limits;
import dev.cachefiles.probe.Finding.Topic;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.util.Optional;

/** Whether the cache's file system has the room that the limits ask for. */
final class SpaceCheck {
    private static final long PERCENT = 100;
    private static final String FREE = "free some, or lower the limit with CacheOptions.blockLimits";

    private final CacheOptions options;

    SpaceCheck(CacheOptions options) {
        this.options = options;
    }

    Optional<Finding> run() {
        try {
            FileStore store = Files.getFileStore(options.directory());
            return store.getTotalSpace() == 0
                    ? Optional.empty()
                    : Optional.of(finding(store.getUsableSpace(), store.getTotalSpace()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    Finding finding(long free, long total) {
        Limits limits = options.blockLimits();
        String what = options.directory() + " has " + (free >> 20) + " of " + (total >> 20) + " MiB free";
        if (free < total / PERCENT * limits.stop()) {
            return Finding.error(
                    Topic.SPACE,
                    what + ", less than the " + limits.stop() + "% (bstop) below which the kernel caches nothing",
                    FREE);
        }
        if (free < total / PERCENT * limits.cull()) {
            return Finding.warning(
                    Topic.SPACE,
                    what + ", less than the " + limits.cull() + "% (bcull) below which the kernel asks for culling",
                    FREE);
        }
        return Finding.ok(Topic.SPACE, what);
    }
}
