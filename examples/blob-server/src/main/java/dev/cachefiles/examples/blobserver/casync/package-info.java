// SPDX-License-Identifier: Apache-2.0
/** Blobs from a chunk store of casync: an index names the chunks that a blob is made of. */
@NullMarked
package dev.cachefiles.examples.blobserver.casync;

import org.jspecify.annotations.NullMarked;
