// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.spi;

/**
 * The space of a file system, statvfs(3).
 *
 * @param result     0; or a negated errno, and then all else means nothing
 * @param blockSize  bytes in a block
 * @param blocks     blocks that it has
 * @param freeBlocks blocks that a process without privileges could have
 * @param files      files that it can have; 0 if there is no limit
 * @param freeFiles  files that there can be more
 */
public record FreeSpace(int result, long blockSize, long blocks, long freeBlocks, long files, long freeFiles) {

    /**
     * Makes a result that stands for an error.
     *
     * @param result a negated errno
     * @return the result
     */
    public static FreeSpace failed(int result) {
        return new FreeSpace(result, 1, 0, 0, 0, 0);
    }
}
