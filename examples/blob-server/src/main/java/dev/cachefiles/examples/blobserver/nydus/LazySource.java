// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A source that is looked for when it is needed: an image can be mounted while the server of its blobs is down. What
 * failed is tried again the next time.
 */
final class LazySource implements BlobSource {
    private final BlobResolver resolver;
    private final BlobKey key;
    private @Nullable BlobSource source;
    private boolean closed;

    LazySource(BlobResolver resolver, BlobKey key) {
        this.resolver = resolver;
        this.key = key;
    }

    /** Not under the lock while it waits for a server; of two that are made at a time, one is closed again. */
    private BlobSource source() throws IOException {
        synchronized (this) {
            if (source != null) {
                return source;
            }
        }
        BlobSource made = resolver.resolve(key);
        synchronized (this) {
            if (source == null && !closed) {
                source = made;
                return made;
            }
        }
        made.close();
        synchronized (this) {
            if (source == null) {
                throw new IOException(key.printableName() + " is closed");
            }
            return source;
        }
    }

    @Override
    public long size() throws IOException {
        return source().size();
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        source().read(offset, target);
    }

    @Override
    public void close() throws IOException {
        BlobSource made;
        synchronized (this) {
            closed = true;
            made = source;
        }
        if (made != null) {
            made.close();
        }
    }
}
