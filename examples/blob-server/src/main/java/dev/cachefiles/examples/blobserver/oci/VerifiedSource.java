// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.blob.BlobSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A blob whose bytes are handed out only when the digest of their chunk is right. Safe for use by several threads.
 *
 * <p>Whole chunks are fetched straight to where they are wanted. Of a chunk that is wanted in part the last one is kept,
 * since the next read probably wants its next part.
 */
final class VerifiedSource implements BlobSource {

    /** Gives the digests, and waits for them if need be, up to the deadline of the call. */
    @FunctionalInterface
    interface Digests {
        ChunkDigests get() throws IOException;
    }

    private record Chunk(long offset, MemorySegment bytes) {}

    private final BlobSource source;
    private final String digest;
    private final int chunkSize;
    private final Digests digests;
    private volatile @Nullable Chunk last;

    VerifiedSource(BlobSource source, String digest, int chunkSize, Digests digests) {
        this.source = source;
        this.digest = digest;
        this.chunkSize = chunkSize;
        this.digests = digests;
    }

    @Override
    public long size() throws IOException {
        return source.size();
    }

    @Override
    public String identity() {
        return digest;
    }

    @Override
    public long chunkSize() {
        return chunkSize;
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        ChunkDigests table = digests.get();
        long end = offset + target.byteSize();
        long at = offset;
        while (at < end) {
            long start = at - at % chunkSize;
            long length = at == start ? wholeChunks(table, at, end) : 0;
            if (length > 0) {
                readWhole(table, at, target.asSlice(at - offset, length));
            } else {
                length = Math.min(end, start + table.lengthAt(start)) - at;
                MemorySegment chunk = chunk(table, start);
                MemorySegment.copy(chunk, at - start, target, at - offset, length);
            }
            at += length;
        }
    }

    /** How many bytes from an offset on, up to an end, are whole chunks. */
    private static long wholeChunks(ChunkDigests table, long offset, long end) {
        long at = offset;
        while (at < end && table.lengthAt(at) <= end - at) {
            at += table.lengthAt(at);
        }
        return at - offset;
    }

    private void readWhole(ChunkDigests table, long offset, MemorySegment target) throws IOException {
        source.read(offset, target);
        for (long done = 0; done < target.byteSize(); done += chunkSize) {
            MemorySegment chunk = target.asSlice(done, Math.min(chunkSize, target.byteSize() - done));
            table.check(offset + done, chunk, digest);
        }
    }

    private MemorySegment chunk(ChunkDigests table, long start) throws IOException {
        Chunk kept = last;
        if (kept != null && kept.offset() == start) {
            return kept.bytes();
        }
        MemorySegment bytes = Arena.ofAuto().allocate(table.lengthAt(start), 64);
        readWhole(table, start, bytes);
        last = new Chunk(start, bytes);
        return bytes;
    }

    @Override
    public void close() throws IOException {
        last = null;
        source.close();
    }
}
