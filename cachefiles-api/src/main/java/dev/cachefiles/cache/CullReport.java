// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import java.time.Duration;
import java.util.List;

/**
 * What a look at the cache has found and done.
 *
 * @param dryRun     whether nothing was culled, and what follows is what would have been
 * @param culled     the objects that were culled, the least recently used first; also those that went with their volumes
 * @param volumes    how many volumes were culled as a whole
 * @param freedBytes bytes that all of that has taken on the disk
 * @param usedBytes  bytes that the cache takes now, with its directories and with what is mounted
 * @param inUseBytes bytes of that which are mounted
 * @param inUse      objects that would have been culled, but are in use
 * @param pinned     objects that would have been culled, but are pinned
 * @param space      the room on the file system now
 * @param enough     whether the cache keeps to its limits now
 * @param elapsed    time it took
 */
public record CullReport(
        boolean dryRun,
        List<CachedObject> culled,
        int volumes,
        long freedBytes,
        long usedBytes,
        long inUseBytes,
        int inUse,
        int pinned,
        CacheSpace space,
        boolean enough,
        Duration elapsed) {

    /** Makes a copy of the list. */
    public CullReport {
        culled = List.copyOf(culled);
    }

    /**
     * Tells whether there is anything to tell.
     *
     * @return true if something was culled, or would have been
     */
    public boolean hasCulled() {
        return !culled.isEmpty() || volumes > 0;
    }

    /**
     * Gives the numbers, in one line.
     *
     * @return the text, such as {@code culled 3 objects and 1 volume, 12582912 bytes; 117440512 bytes used, 67108864 of
     *     them in use}
     */
    @Override
    public String toString() {
        return (dryRun ? "would cull " : "culled ") + culled.size() + " objects and " + volumes + " volumes, "
                + freedBytes
                + " bytes; " + usedBytes + " bytes used, " + inUseBytes + " of them in use; " + space.freeBytes()
                + " bytes and " + space.freeFiles() + " files free" + (enough ? "" : "; NOT ENOUGH");
    }
}
