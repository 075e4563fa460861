// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.nydus.ChunkTable.Chunk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The chunks of a blob: at first those of the images that use it, and all of them once one is asked for that these do not
 * have. Safe for use by several threads.
 */
final class KnownChunks {
    private final BlobEntry blob;
    private final List<Chunk> used;
    private final BlobSource stored;
    private final boolean more;
    private volatile ChunkTable table;
    private volatile boolean complete;

    /**
     * Starts with the chunks that images use.
     *
     * @param blob   the blob
     * @param used   its chunks in all images that use it
     * @param stored the blob as it is stored
     * @throws WrongBytesException if they cannot be
     */
    KnownChunks(BlobEntry blob, List<Chunk> used, BlobSource stored) throws WrongBytesException {
        this.blob = blob;
        this.used = used;
        this.stored = stored;
        this.table = ChunkTable.of(blob, used);
        this.complete = table.isComplete(blob);
        this.more = !complete && BlobContents.areIn(blob);
    }

    /** Tells whether each block of the blob is in a chunk that is known. */
    boolean areComplete() {
        return complete;
    }

    /** Names the bytes of the blob for all time; empty unless all chunks are known. */
    String identity() {
        return complete ? "nydus:" + blob.id() + ":" + table.digest() : "";
    }

    /** Gives the chunks that are known, after it was tried to know those of a range. */
    ChunkTable of(long offset, long end) throws IOException {
        ChunkTable known = table;
        if (!more || complete || known.covers(offset, end)) {
            return known;
        }
        var all = new ArrayList<>(used);
        all.addAll(BlobContents.chunks(blob, stored));
        ChunkTable full = ChunkTable.of(blob, all);
        table = full;
        complete = full.isComplete(blob);
        return full;
    }
}
