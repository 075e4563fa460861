// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

/** What has become of an object or a volume that was to be culled. */
public enum CullResult {

    /** It is not in the cache any more. */
    CULLED,

    /** It is mounted, and was left alone. */
    IN_USE,

    /** The cache has no such thing. */
    ABSENT
}
