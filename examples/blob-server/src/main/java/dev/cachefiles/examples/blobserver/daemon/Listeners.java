// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.CloseRequest;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import java.time.Duration;

/**
 * Tells each listener of what it wants to hear.
 *
 * @param stats    counts
 * @param blobs    keeps what is open
 * @param prefetch keeps how far that is fetched ahead
 */
record Listeners(ServerStats stats, OpenBlobs blobs, PrefetchStatus prefetch) implements OnDemandListener {
    @Override
    public void delivered(Request request) {
        if (request instanceof OpenRequest open) {
            blobs.opening(open);
        }
    }

    @Override
    public void opened(OpenRequest request, long size) {
        stats.opened(request, size);
        blobs.opened(request, size);
    }

    @Override
    public void openFailed(OpenRequest request, Throwable cause) {
        stats.openFailed(request, cause);
        blobs.openFailed(request, cause);
    }

    @Override
    public void read(ReadRequest request, Duration elapsed) {
        stats.read(request, elapsed);
    }

    @Override
    public void readFailed(ReadRequest request, Throwable cause) {
        stats.readFailed(request, cause);
        blobs.readFailed(request, cause);
    }

    @Override
    public void closed(CloseRequest request) {
        blobs.closed(request);
        request.object().ifPresent(object -> prefetch.closed(OpenBlobs.key(object)));
    }
}
