// SPDX-License-Identifier: Apache-2.0
/** Images of Nydus, format RAFS v6: an EROFS file system (the bootstrap) whose data lies in blobs of compressed chunks. */
@NullMarked
package dev.cachefiles.examples.blobserver.nydus;

import org.jspecify.annotations.NullMarked;
