// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;

/** A source around which nothing more is fetched than what a reader waits for. */
final class ExactSource extends ForwardingBlobSource {

    /** Wraps a source, which it owns from now on. */
    ExactSource(BlobSource source) {
        super(source);
    }

    @Override
    public long largestFill() {
        return 0;
    }
}
