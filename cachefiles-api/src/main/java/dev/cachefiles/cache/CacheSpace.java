// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

/**
 * The room on the file system that a cache is on.
 *
 * @param bytes     bytes that it has
 * @param freeBytes bytes that are free for all
 * @param files     files that it can have; 0 if there is no limit
 * @param freeFiles files that there can be more
 */
public record CacheSpace(long bytes, long freeBytes, long files, long freeFiles) {}
