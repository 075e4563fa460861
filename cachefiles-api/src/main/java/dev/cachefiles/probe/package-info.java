// SPDX-License-Identifier: Apache-2.0
/**
 * Why a cache cannot be set up, or soon could not be used: {@link dev.cachefiles.probe.CachefilesProbe} looks, and names
 * the cure.
 */
@NullMarked
package dev.cachefiles.probe;

import org.jspecify.annotations.NullMarked;
