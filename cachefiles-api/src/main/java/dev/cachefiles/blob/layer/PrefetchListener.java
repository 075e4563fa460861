// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;

/**
 * Hears how a {@link Prefetcher} is doing. Called by its threads, which it should not hold up; what it throws is logged and
 * changes nothing. Does nothing by default.
 */
public interface PrefetchListener {

    /**
     * A blob was begun, or more of it is there.
     *
     * @param key   the blob
     * @param done  bytes that were fetched, or found to be there
     * @param total bytes to be fetched: the size of the blob, or the sum of the recorded ranges if only these are wanted
     */
    default void progress(BlobKey key, long done, long total) {}

    /**
     * All of a blob that was wanted is there.
     *
     * @param key the blob
     */
    default void completed(BlobKey key) {}

    /**
     * A piece could not be had. It is tried again later, unless this was the last attempt.
     *
     * @param key     the blob
     * @param cause   why
     * @param givenUp true if nothing more of the blob is fetched ahead until it is opened again
     */
    default void failed(BlobKey key, Throwable cause, boolean givenUp) {}

    /**
     * The prefetcher waits, since the disk or the link is busy.
     *
     * @param paused true at the beginning of the pause, false at its end
     */
    default void paused(boolean paused) {}
}
