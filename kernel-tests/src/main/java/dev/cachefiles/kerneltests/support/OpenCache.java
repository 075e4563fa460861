// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.probe.CachefilesProbe;
import java.nio.file.Path;

/** Opens and closes a cache, in a process of its own; prints why it cannot, and what the probe finds. */
public final class OpenCache {

    private OpenCache() {}

    /**
     * Opens the cache; exits with 1 if that fails.
     *
     * @param args the cache directory
     * @throws Exception if something else goes wrong
     */
    public static void main(String[] args) throws Exception {
        CacheOptions options = CacheOptions.builder(Path.of(args[0])).build();
        try {
            CachefilesChannel.open(options).close();
        } catch (CachefilesException e) {
            System.out.println(e.getMessage());
            CachefilesProbe.run(options).findings().forEach(System.out::println);
            System.exit(1);
        }
    }
}
