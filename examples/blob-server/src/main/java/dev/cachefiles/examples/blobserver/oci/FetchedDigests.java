// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.blob.layer.ChunkDigests;
import dev.cachefiles.blob.layer.DigestAlgorithm;
import dev.cachefiles.blob.layer.VerifyingSource;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Chunk digests that were pushed together with a blob; fetched when they are first wanted. Safe for several threads. */
final class FetchedDigests implements VerifyingSource.Digests {
    private final Registry registry;
    private final Descriptor layer;
    private final Descriptor table;
    private final int chunkSize;
    private volatile @Nullable ChunkDigests fetched;

    FetchedDigests(Registry registry, Descriptor layer, Descriptor table, int chunkSize) {
        this.registry = registry;
        this.layer = layer;
        this.table = table;
        this.chunkSize = chunkSize;
    }

    /** Two threads may fetch them at once at the beginning, which harms nothing. */
    @Override
    public ChunkDigests get() throws IOException {
        ChunkDigests known = fetched;
        if (known == null) {
            known = new ChunkDigests(DigestAlgorithm.SHA_256, chunkSize, layer.size(), registry.bytes(table));
            fetched = known;
        }
        return known;
    }
}
