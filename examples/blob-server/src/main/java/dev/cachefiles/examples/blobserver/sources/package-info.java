// SPDX-License-Identifier: Apache-2.0
/**
 * Where blobs come from. A {@link dev.cachefiles.examples.blobserver.sources.SourceType} for each kind of place makes
 * resolvers from settings; {@link dev.cachefiles.examples.blobserver.sources.SourceTypes} lists them.
 */
@NullMarked
package dev.cachefiles.examples.blobserver.sources;

import org.jspecify.annotations.NullMarked;
