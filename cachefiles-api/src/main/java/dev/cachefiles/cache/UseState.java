// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

/** Whether the kernel uses the file of an object. */
public enum UseState {

    /** It is in the cache, and can be culled. */
    FREE,

    /** It is mounted. */
    IN_USE,

    /** The cache has no file of that name. A blob that is mounted for the first time has none either. */
    ABSENT
}
