// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;
import dev.cachefiles.blob.WrongBytesException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;

/**
 * Hands on only bytes whose digests are right; others give {@link WrongBytesException}. So does a source of another size.
 *
 * <p>Always whole chunks are fetched: into the caller's memory where it has room for them; else into memory of its own, in
 * which each blob keeps the last two chunks. {@link #chunkSize} tells callers, so that they ask for whole chunks.
 *
 * <p>Nothing is handed on as a {@link #view}: what was verified there could change afterwards.
 */
public final class VerifyingSource extends ForwardingBlobSource {
    private static final int SLOTS = 2;

    private final ChunkDigests digests;
    private final ChunkSlots slots;

    /**
     * Wraps a source.
     *
     * @param source  the source, owned by this one from now on
     * @param digests the digests of the blob
     */
    public VerifyingSource(BlobSource source, ChunkDigests digests) {
        super(source);
        this.digests = Objects.requireNonNull(digests, "digests");
        this.slots = new ChunkSlots(digests.chunkSize(), SLOTS);
    }

    @Override
    public long size() throws IOException {
        long size = source().size();
        if (size != digests.blobSize()) {
            throw new WrongBytesException(
                    source() + " has " + size + " bytes, not the " + digests.blobSize() + " of its digests");
        }
        return size;
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        slots.read(offset, target, digests.blobSize(), this::load);
    }

    private void load(long offset, MemorySegment chunks) throws IOException {
        source().read(offset, chunks);
        digests.verify(offset, chunks, source());
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) {
        return Optional.empty();
    }

    @Override
    public long chunkSize() {
        return Math.max(digests.chunkSize(), source().chunkSize());
    }
}
