// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

/** What keeps a cache within limits, as those see it who open objects and write them. */
interface CacheWatch {

    /** An object was accepted. */
    void opened(CacheObject object);

    /** The kernel has let an object go. */
    void closed(CacheObject object);

    /** Bytes were written into the cache. */
    void wrote(long bytes);

    /**
     * A write has found no room. Culls, where that may help, and blocks for as long.
     *
     * @return whether there may be room now; false also if the thread is interrupted
     */
    boolean makeRoom();
}
