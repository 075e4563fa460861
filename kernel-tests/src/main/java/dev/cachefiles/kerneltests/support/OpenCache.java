// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import java.nio.file.Path;

/** Opens and closes a cache, in a process of its own; prints why it cannot. */
public final class OpenCache {

    private OpenCache() {}

    /**
     * Opens the cache; exits with 1 if that fails.
     *
     * @param args the cache directory
     * @throws Exception if something else goes wrong
     */
    public static void main(String[] args) throws Exception {
        try {
            CachefilesChannel.open(CacheOptions.builder(Path.of(args[0])).build())
                    .close();
        } catch (CachefilesException e) {
            System.out.println(e.getMessage());
            System.exit(1);
        }
    }
}
