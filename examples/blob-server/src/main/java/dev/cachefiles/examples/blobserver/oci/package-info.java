// SPDX-License-Identifier: Apache-2.0
/**
 * Blobs of OCI registries: images that are artifacts there, found by tag or digest, and verified by digest.
 *
 * <p>{@link dev.cachefiles.examples.blobserver.oci.OciType} is the source,
 * {@link dev.cachefiles.examples.blobserver.oci.ImagePush} puts an image there.
 */
@NullMarked
package dev.cachefiles.examples.blobserver.oci;

import org.jspecify.annotations.NullMarked;
