// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * An {@link OnDemandHandler} that does not block: each method starts something and returns a stage that completes when
 * it is done. For sources with asynchronous clients.
 *
 * <p>A method that throws has failed as if its stage had completed with the exception. A stage that never completes is
 * answered for at its deadline, see {@link Request#onCancel}. Bytes are written by whichever thread has them;
 * {@link AnonFd} blocks on the cache's file system, so that should not be an event loop's.
 */
public interface AsyncOnDemandHandler {

    /**
     * Tells the size of an object.
     *
     * @param request the request
     * @return completes with the size in bytes, not negative; exceptionally to refuse
     * @throws IOException to refuse
     * @see OnDemandHandler#open
     */
    CompletionStage<Long> open(OpenRequest request) throws IOException;

    /**
     * The kernel has the size: bytes can be written from now on. Does nothing by default.
     *
     * @param object the object
     * @throws IOException is reported, and changes nothing
     * @see OnDemandHandler#opened
     */
    default void opened(CacheObject object) throws IOException {}

    /**
     * Puts the bytes of a range into the cache.
     *
     * @param request the request
     * @return completes when all is written, with any value; exceptionally if the bytes cannot be had
     * @throws IOException if the bytes cannot be had
     * @see OnDemandHandler#read
     */
    CompletionStage<?> read(ReadRequest request) throws IOException;

    /**
     * The kernel has let an object go. Its fd closes when the stage completes, in whatever way. Does nothing by default.
     *
     * @param request the request
     * @return completes when all is freed
     * @throws IOException is reported, and changes nothing
     * @see OnDemandHandler#close
     */
    default CompletionStage<?> close(CloseRequest request) throws IOException {
        return CompletableFuture.completedStage(null);
    }
}
