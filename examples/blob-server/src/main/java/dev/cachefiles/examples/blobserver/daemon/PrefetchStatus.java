// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.layer.PrefetchListener;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How far blobs have been fetched ahead.
 *
 * <p>Safe for use by several threads.
 */
final class PrefetchStatus implements PrefetchListener {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");

    private final Map<BlobKey, String> running = new ConcurrentHashMap<>();

    /** Gives a line for each blob that is under way or was given up. */
    Iterable<String> lines() {
        return running.entrySet().stream()
                .map(entry -> entry.getKey().printableName() + ": fetched ahead: " + entry.getValue())
                .sorted()
                .toList();
    }

    /** Forgets a blob that is not open any more. */
    void closed(BlobKey key) {
        running.remove(key);
    }

    @Override
    public void progress(BlobKey key, long done, long total) {
        running.put(key, done + " of " + total + " bytes");
    }

    @Override
    public void completed(BlobKey key) {
        running.remove(key);
        LOG.log(System.Logger.Level.INFO, "{0}: all that was wanted was fetched ahead", key.printableName());
    }

    @Override
    public void failed(BlobKey key, Throwable cause, boolean givenUp) {
        String what = givenUp ? "given up until it is opened again" : "will be tried again";
        LOG.log(
                givenUp ? System.Logger.Level.WARNING : System.Logger.Level.INFO,
                "{0}: a part could not be fetched ahead, and {1}: {2}",
                key.printableName(),
                what,
                Failures.describe(cause));
        if (givenUp) {
            running.put(key, "given up: " + Failures.describe(cause));
        }
    }
}
