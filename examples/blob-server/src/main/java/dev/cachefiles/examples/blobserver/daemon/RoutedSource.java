// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A source that names its route when it fails, and tells the route when it is closed. */
final class RoutedSource implements BlobSource {
    private final Route route;
    private final BlobSource source;

    RoutedSource(Route route, BlobSource source) {
        this.route = route;
        this.source = source;
    }

    @Override
    public long size() throws IOException {
        try {
            return source.size();
        } catch (IOException e) {
            throw named(e);
        }
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        try {
            source.read(offset, target);
        } catch (IOException e) {
            throw named(e);
        }
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) throws IOException {
        try {
            return source.view(offset, length);
        } catch (IOException e) {
            throw named(e);
        }
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
        try {
            source.close();
        } finally {
            route.closed();
        }
    }

    private IOException named(IOException failure) {
        return new IOException("source " + route.name() + ": " + Failures.describe(failure), failure);
    }
}
