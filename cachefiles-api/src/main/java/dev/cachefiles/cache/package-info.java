// SPDX-License-Identifier: Apache-2.0
/**
 * The cache on disk: what is in it, and how it is kept within limits.
 *
 * <p>{@link dev.cachefiles.cache.CacheTree} reads any cache directory, bound or not, also while a server uses it.
 * {@link dev.cachefiles.cache.CacheCuller} removes objects and volumes from the cache that a
 * {@link dev.cachefiles.CachefilesChannel} has bound, and {@link dev.cachefiles.cache.CacheKeeper} does so by itself,
 * by the rules of a {@link dev.cachefiles.cache.CullingPolicy}.
 *
 * <p>Names in a cache come from keys, and keys from images: untrusted input. Every directory here is opened one name at
 * a time, no symbolic link is followed, and nothing that is mounted inside of a cache is entered.
 *
 * <p>Unless stated otherwise, passing {@code null} to a method or constructor of this package throws
 * {@link java.lang.NullPointerException}.
 */
@NullMarked
package dev.cachefiles.cache;

import org.jspecify.annotations.NullMarked;
