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

    private final int chunkSize;
    private final boolean ready;
    private final Digests digests;
    private final ChunkSlots slots;

    /** Where the digests of a blob come from that are not there from the start. Used by several threads at once. */
    @FunctionalInterface
    public interface Digests {

        /**
         * Gives the digests. Asked at each read; may wait, up to the {@linkplain dev.cachefiles.blob.Deadline#current
         * deadline}.
         *
         * @return digests of chunks of the size that was told before
         * @throws IOException if there are none; the read fails so
         */
        ChunkDigests get() throws IOException;
    }

    /**
     * Wraps a source.
     *
     * @param source  the source, owned by this one from now on
     * @param digests the digests of the blob
     */
    public VerifyingSource(BlobSource source, ChunkDigests digests) {
        this(source, digests.chunkSize(), true, () -> digests);
    }

    /**
     * Wraps a source whose digests are asked for when it is read, and no sooner.
     *
     * @param source    the source, owned by this one from now on
     * @param chunkSize bytes in a chunk, as in the digests
     * @param digests   gives the digests of the blob
     */
    public VerifyingSource(BlobSource source, int chunkSize, Digests digests) {
        this(source, chunkSize, false, digests);
    }

    private VerifyingSource(BlobSource source, int chunkSize, boolean ready, Digests digests) {
        super(source);
        this.chunkSize = chunkSize;
        this.ready = ready;
        this.digests = Objects.requireNonNull(digests, "digests");
        this.slots = new ChunkSlots(chunkSize, SLOTS);
    }

    @Override
    public long size() throws IOException {
        return ready ? sizeIn(digests.get()) : source().size();
    }

    private long sizeIn(ChunkDigests known) throws IOException {
        long size = source().size();
        if (size != known.blobSize()) {
            throw new WrongBytesException(
                    source() + " has " + size + " bytes, not the " + known.blobSize() + " of its digests");
        }
        return size;
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        ChunkDigests known = digests.get();
        slots.read(offset, target, ready ? known.blobSize() : sizeIn(known), (at, chunks) -> {
            source().read(at, chunks);
            known.verify(at, chunks, source());
        });
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) {
        return Optional.empty();
    }

    @Override
    public long chunkSize() {
        return Math.max(chunkSize, source().chunkSize());
    }
}
