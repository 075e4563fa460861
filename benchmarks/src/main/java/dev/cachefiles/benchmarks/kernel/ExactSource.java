// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import dev.cachefiles.blob.BlobSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A source around which nothing more is fetched than what a reader waits for.
 *
 * @param source where the bytes come from
 */
record ExactSource(BlobSource source) implements BlobSource {
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
    public long largestFill() {
        return 0;
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
