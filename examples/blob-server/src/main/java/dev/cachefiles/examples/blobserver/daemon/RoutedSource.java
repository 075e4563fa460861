// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
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
            throw named(e);
        }
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        try {
            super.read(offset, target);
        } catch (IOException e) {
            throw named(e);
        }
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) throws IOException {
        try {
            return super.view(offset, length);
        } catch (IOException e) {
            throw named(e);
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

    /** Those that say that nobody waits any more stay what they are: the engine knows them. */
    private IOException named(IOException failure) {
        return failure instanceof InterruptedIOException || failure instanceof ClosedChannelException
                ? failure
                : new IOException("source " + route.name() + ": " + Failures.describe(failure), failure);
    }
}
