// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

/**
 * What has become of several objects that were to be culled.
 *
 * @param culled how many are not in the cache any more
 * @param inUse  how many are mounted, and were left alone
 * @param bytes  how many bytes those that were culled have taken on the disk
 */
public record CullSummary(int culled, int inUse, long bytes) {}
