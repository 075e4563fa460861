// SPDX-License-Identifier: Apache-2.0
/** What formats that store blobs in chunks have in common: to unpack a chunk, to check it, to keep it for a while. */
@NullMarked
package dev.cachefiles.examples.blobserver.chunk;

import org.jspecify.annotations.NullMarked;
