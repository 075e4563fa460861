// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A source that names its route when it fails, and tells the route when it is closed. */
final class RoutedSource extends ForwardingBlobSource {
    private final Route route;

    RoutedSource(Route route, BlobSource source) {
        super(source);
        this.route = route;
    }

    @Override
    public long size() throws IOException {
        try {
            return super.size();
        } catch (IOException e) {
            throw route.named(e);
        }
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        try {
            super.read(offset, target);
        } catch (IOException e) {
            throw route.named(e);
        }
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) throws IOException {
        try {
            return super.view(offset, length);
        } catch (IOException e) {
            throw route.named(e);
        }
    }

    @Override
    public void close() throws IOException {
        try {
            super.close();
        } finally {
            route.closed();
        }
    }
}
