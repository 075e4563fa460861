// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Changes one bit of a range by chance, for tests of what is above: that wrong bytes are found. The same seed changes the
 * same bits of the same calls. Gives no views, whose bytes belong to others.
 */
public final class CorruptingSource extends ForwardingBlobSource {
    private final Dice dice;

    /**
     * Wraps a source.
     *
     * @param source the source, owned by this one from now on
     * @param share  share of reads with a wrong bit, from 0 to 1
     * @param seed   which ones
     * @throws IllegalArgumentException if {@code share} is not from 0 to 1
     */
    public CorruptingSource(BlobSource source, double share, long seed) {
        super(source);
        this.dice = new Dice(share, seed);
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        source().read(offset, target);
        if (target.byteSize() > 0 && dice.hit()) {
            long at = dice.next(target.byteSize());
            byte right = target.get(ValueLayout.JAVA_BYTE, at);
            target.set(ValueLayout.JAVA_BYTE, at, (byte) (right ^ (1 << dice.next(8))));
        }
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) {
        return Optional.empty();
    }
}
