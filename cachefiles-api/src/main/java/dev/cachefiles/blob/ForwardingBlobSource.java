// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;

/**
 * A source that asks another one for everything. Layers extend it, override what they change, and let through what
 * {@link BlobSource} learns in later releases.
 *
 * <p>One that changes {@link #read} must change {@link #view} too: both are ways to the bytes.
 */
public abstract class ForwardingBlobSource implements BlobSource {
    private final BlobSource source;

    /**
     * Wraps a source.
     *
     * @param source the source, owned by this one from now on
     */
    protected ForwardingBlobSource(BlobSource source) {
        this.source = Objects.requireNonNull(source, "source");
    }

    /**
     * Gives the wrapped source.
     *
     * @return the source
     */
    protected final BlobSource source() {
        return source;
    }

    @Override
    public long size() throws IOException {
        return source.size();
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        source.read(offset, target);
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) throws IOException {
        return source.view(offset, length);
    }

    @Override
    public String identity() throws IOException {
        return source.identity();
    }

    @Override
    public long largestFill() {
        return source.largestFill();
    }

    @Override
    public long chunkSize() {
        return source.chunkSize();
    }

    @Override
    public void close() throws IOException {
        source.close();
    }

    /**
     * Gives the wrapped source's text after the name of this layer.
     *
     * @return the text
     */
    @Override
    public String toString() {
        return getClass().getSimpleName() + "(" + source + ")";
    }
}
