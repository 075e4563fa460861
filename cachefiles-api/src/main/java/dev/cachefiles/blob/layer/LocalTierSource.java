// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;

/** A blob of a {@link LocalTier}. Chunks that are missing side by side are fetched as one range. */
final class LocalTierSource extends ForwardingBlobSource {
    private static final int SLOTS = 2;

    private final LocalTier tier;
    private final Path directory;
    private final long size;
    private final ChunkSlots slots;

    LocalTierSource(BlobSource source, LocalTier tier, Path directory, long size) {
        super(source);
        this.tier = tier;
        this.directory = directory;
        this.size = size;
        this.slots = new ChunkSlots(tier.chunkSize(), SLOTS);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        slots.read(offset, target, size, this::load);
    }

    private void load(long offset, MemorySegment chunks) throws IOException {
        long length = chunks.byteSize();
        long missing = 0;
        for (long at = 0; at < length; at += tier.chunkSize()) {
            long chunkEnd = Math.min(at + tier.chunkSize(), length);
            if (tier.load(directory, offset + at, chunks.asSlice(at, chunkEnd - at))) {
                fetch(offset, chunks, missing, at);
                missing = chunkEnd;
            }
        }
        fetch(offset, chunks, missing, length);
    }

    private void fetch(long offset, MemorySegment chunks, long from, long to) throws IOException {
        if (from == to) {
            return;
        }
        source().read(offset + from, chunks.asSlice(from, to - from));
        for (long at = from; at < to; at += tier.chunkSize()) {
            tier.store(directory, offset + at, chunks.asSlice(at, Math.min(tier.chunkSize(), to - at)));
        }
    }

    /** What is in memory anyway gains nothing here; but it must be asked for in the same way, or nothing is kept. */
    @Override
    public Optional<MemorySegment> view(long offset, long length) {
        return Optional.empty();
    }

    @Override
    public long chunkSize() {
        return Math.max(tier.chunkSize(), source().chunkSize());
    }
}
