// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A source with something to get past before each range. */
abstract class GatedSource extends ForwardingBlobSource {

    GatedSource(BlobSource source) {
        super(source);
    }

    /** Returns, maybe after a time, or throws what the read then throws. */
    abstract void pass() throws IOException;

    @Override
    public final void read(long offset, MemorySegment target) throws IOException {
        pass();
        source().read(offset, target);
    }

    @Override
    public final Optional<MemorySegment> view(long offset, long length) throws IOException {
        pass();
        return source().view(offset, length);
    }
}
