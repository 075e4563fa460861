// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.chunk.ChunkCache;
import dev.cachefiles.examples.blobserver.chunk.Codec;
import dev.cachefiles.examples.blobserver.chunk.Hash;
import dev.cachefiles.examples.blobserver.nydus.ChunkTable.Chunk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A blob as the kernel sees it, made of the blob as it is stored: chunks are unpacked, checked, and put where the builder
 * of the image wanted them.
 *
 * <p>Safe for use by several threads.
 */
final class RafsBlobSource implements BlobSource {
    private final BlobEntry blob;
    private final KnownChunks chunks;
    private final BlobSource stored;
    private final ChunkCache<ChunkKey> cache;

    /**
     * Names a chunk among those of all blobs.
     *
     * @param blob   the blob's id
     * @param offset of its first byte there
     * @param digest what its bytes were checked by
     */
    record ChunkKey(String blob, long offset, Hash digest) {}

    /**
     * Makes a source.
     *
     * @param blob   what the bootstrap says of it
     * @param chunks its chunks
     * @param stored its bytes as they are stored; closed with this
     * @param cache  where chunks are kept, of all blobs together
     */
    RafsBlobSource(BlobEntry blob, KnownChunks chunks, BlobSource stored, ChunkCache<ChunkKey> cache) {
        this.blob = blob;
        this.chunks = chunks;
        this.stored = stored;
        this.cache = cache;
    }

    @Override
    public long size() {
        return blob.servedSize();
    }

    /** The id alone is a name that any image may give to other bytes; the digests of all chunks are not. */
    @Override
    public String identity() {
        return chunks.identity();
    }

    /** Around what the image uses may be bytes of which it says nothing. */
    @Override
    public long largestFill() {
        return chunks.areComplete() ? Long.MAX_VALUE : 0;
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        long end = offset + target.byteSize();
        ChunkTable table = chunks.of(offset, end);
        int last = table.floor(end - 1);
        var window = new StoredWindow(stored, endOfStored(table, offset, last));
        long at = offset;
        int index = Math.max(0, table.floor(at));
        while (at < end) {
            Chunk chunk = index <= last ? table.get(index) : null;
            if (chunk == null || at < chunk.offset() || at >= Format.alignUp(chunk.end())) {
                throw new PermanentException("blob " + blob.id() + ": no image here says what byte " + at + " is");
            }
            long to = Math.min(end, chunk.end());
            if (at < to) {
                byte[] bytes = cache.get(key(chunk), () -> load(chunk, window));
                MemorySegment.copy(bytes, (int) (at - chunk.offset()), target, ValueLayout.JAVA_BYTE, at - offset, (int)
                        (to - at));
                at = to;
            }
            long padded = Math.min(end, Format.alignUp(chunk.end()));
            if (at < padded) {
                target.asSlice(at - offset, padded - at).fill((byte) 0);
                at = padded;
            }
            index++;
        }
    }

    /** Up to where stored bytes are of use for a read. */
    private static long endOfStored(ChunkTable table, long offset, int last) {
        int first = Math.max(0, table.floor(offset));
        long end = 0;
        for (int i = first; i <= last; i++) {
            Chunk chunk = table.get(i);
            end = Math.max(end, chunk.storedOffset() + chunk.storedSize());
        }
        return end;
    }

    private ChunkKey key(Chunk chunk) {
        return new ChunkKey(blob.id(), chunk.offset(), chunk.digest());
    }

    private byte[] load(Chunk chunk, StoredWindow window) throws IOException {
        byte[] packed = window.bytes(chunk.storedOffset(), chunk.storedSize());
        try {
            byte[] bytes = (chunk.packed() ? blob.codec() : Codec.NONE).unpack(packed, chunk.size());
            blob.digest().check(bytes, chunk.digest());
            return bytes;
        } catch (WrongBytesException e) {
            throw new WrongBytesException(
                    "blob " + blob.id() + ": chunk " + chunk + ", stored at byte " + chunk.storedOffset() + ", "
                            + e.getMessage(),
                    e);
        }
    }

    @Override
    public void close() throws IOException {
        stored.close();
    }
}
