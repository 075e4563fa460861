// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;

/**
 * Reads no faster than a {@link TokenBucket} allows, which several sources may share. A range that would have to wait
 * beyond the deadline of the call fails with a {@link dev.cachefiles.blob.TransientException}.
 */
public final class RateLimitedSource extends ForwardingBlobSource {
    private final TokenBucket bucket;

    /**
     * Wraps a source.
     *
     * @param source the source, owned by this one from now on
     * @param bucket the rate
     */
    public RateLimitedSource(BlobSource source, TokenBucket bucket) {
        super(source);
        this.bucket = Objects.requireNonNull(bucket, "bucket");
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        bucket.take(target.byteSize());
        source().read(offset, target);
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) throws IOException {
        Optional<MemorySegment> view = source().view(offset, length);
        if (view.isPresent()) {
            bucket.take(length);
        }
        return view;
    }
}
