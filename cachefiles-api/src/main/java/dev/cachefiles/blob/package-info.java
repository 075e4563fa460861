// SPDX-License-Identifier: Apache-2.0
/**
 * Where bytes come from: sources of blobs, without a trace of the kernel interface that asks for them.
 *
 * <p>Only {@link dev.cachefiles.blob.BlobHandler} knows cachefiles: it makes an
 * {@link dev.cachefiles.OnDemandHandler} of a {@link dev.cachefiles.blob.BlobResolver}. Sources can be used with another
 * interface of the kernel as they are.
 *
 * <p>Unless stated otherwise, passing {@code null} to a method or constructor of this package throws
 * {@link java.lang.NullPointerException}.
 */
@NullMarked
package dev.cachefiles.blob;

import org.jspecify.annotations.NullMarked;
