// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.examples.blobserver.support.Sha256;

/** How the chunks may be of which a layer of the media type {@link MediaTypes#CHUNK_DIGESTS} has the digests. */
final class ChunkSizes {
    static final int DEFAULT = 1 << 20;
    static final int LEAST = 4096;
    static final int LARGEST = 16 << 20;

    private ChunkSizes() {}

    static boolean isAllowed(long chunkSize) {
        return chunkSize >= LEAST && chunkSize <= LARGEST && Long.bitCount(chunkSize) == 1;
    }

    /** Bytes in the digests of a blob: 32 for each chunk, one after the other. */
    static long ofTable(long blobSize, int chunkSize) {
        return Math.ceilDiv(blobSize, chunkSize) * Sha256.LENGTH;
    }
}
