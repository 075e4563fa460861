// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import dev.cachefiles.VolumeKey;
import java.util.List;

/**
 * A volume in a cache, as it was when it was looked at.
 *
 * @param key              its key; untrusted
 * @param objects          the files in it, in no order
 * @param allocatedBytes   bytes that its directories take on the disk, without its objects: about a megabyte
 * @param files            files and directories in it, itself included: each takes one of the file system's inodes
 */
public record CachedVolume(VolumeKey key, List<CachedObject> objects, long allocatedBytes, long files) {

    /** Makes a copy of the list. */
    public CachedVolume {
        objects = List.copyOf(objects);
    }

    /**
     * Gives all that it takes on the disk.
     *
     * @return number of bytes, with its directories
     */
    public long totalBytes() {
        return allocatedBytes
                + objects.stream().mapToLong(CachedObject::allocatedBytes).sum();
    }
}
