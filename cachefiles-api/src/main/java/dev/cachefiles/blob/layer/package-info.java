// SPDX-License-Identifier: Apache-2.0
/**
 * Layers: sources of blobs that wrap another source, each for one purpose, to be put over each other.
 *
 * <p>From the kernel down to the server, an order that makes sense is: statistics, recorder, retry, failover; and for each
 * mirror: verification, local tier, rate limit, the source itself. {@code docs/SOURCES.md} says why, and what others
 * mean. A {@link dev.cachefiles.blob.layer.BlobLayer} is what makes the layer for each blob.
 *
 * <p>What passes a layer as it is passes without a copy or an allocation. Layers are safe for use by several threads,
 * wait where their purpose is to wait, and no longer than until the {@linkplain dev.cachefiles.blob.Deadline deadline} of
 * the call. Each owns the source that it wraps, and closes it.
 *
 * <p>Unless stated otherwise, passing {@code null} to a method or constructor of this package throws
 * {@link java.lang.NullPointerException}.
 */
@NullMarked
package dev.cachefiles.blob.layer;

import org.jspecify.annotations.NullMarked;
