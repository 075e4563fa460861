// SPDX-License-Identifier: Apache-2.0
/**
 * Layers that a configuration puts around a source. A {@link dev.cachefiles.examples.blobserver.layers.LayerType} for
 * each makes one of {@link dev.cachefiles.blob.layer} from settings;
 * {@link dev.cachefiles.examples.blobserver.layers.LayerTypes} lists them.
 */
@NullMarked
package dev.cachefiles.examples.blobserver.layers;

import org.jspecify.annotations.NullMarked;
