// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import java.io.IOException;

/** Binds a cache; in tests, that of another kernel. */
@FunctionalInterface
public interface CacheOpener {

    /**
     * Binds a cache.
     *
     * @param options what to bind it with
     * @return the channel, owned by the caller
     * @throws IOException if that fails
     */
    CachefilesChannel open(CacheOptions options) throws IOException;
}
