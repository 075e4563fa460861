// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.TransientException;
import java.io.IOException;
import java.util.Objects;
import java.util.function.Supplier;

/** Fails by chance, for tests of what is above. The same seed fails the same calls. */
public final class FailingSource extends GatedSource {
    private final Dice dice;
    private final Supplier<? extends IOException> failure;

    /**
     * Wraps a source; failures are {@link TransientException}.
     *
     * @param source the source, owned by this one from now on
     * @param share  share of reads and views that fail, from 0 to 1
     * @param seed   which ones
     * @throws IllegalArgumentException if {@code share} is not from 0 to 1
     */
    public FailingSource(BlobSource source, double share, long seed) {
        this(source, share, seed, () -> new TransientException("failed by chance, for a test"));
    }

    /**
     * Wraps a source.
     *
     * @param source  the source, owned by this one from now on
     * @param share   share of reads and views that fail, from 0 to 1
     * @param seed    which ones
     * @param failure makes what is thrown
     * @throws IllegalArgumentException if {@code share} is not from 0 to 1
     */
    public FailingSource(BlobSource source, double share, long seed, Supplier<? extends IOException> failure) {
        super(source);
        this.dice = new Dice(share, seed);
        this.failure = Objects.requireNonNull(failure, "failure");
    }

    @Override
    void pass() throws IOException {
        if (dice.hit()) {
            throw failure.get();
        }
    }
}
