// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.time.Duration;

/**
 * Hears what becomes of requests. All methods do nothing by default.
 *
 * <p>Called by the threads of the server, by several at once, after the request was answered: no reader waits for a
 * listener, but the next request may. What it throws is logged and dropped.
 */
public interface OnDemandListener {

    /**
     * An OPEN was accepted.
     *
     * @param request the request
     * @param size    size of the object in bytes
     */
    default void opened(OpenRequest request, long size) {}

    /**
     * An OPEN could not be served. It was refused; or, as a re-OPEN, accepted with its former size.
     *
     * @param request the request
     * @param cause   why
     */
    default void openFailed(OpenRequest request, Throwable cause) {}

    /**
     * A READ was completed with its whole range in the cache.
     *
     * @param request the request
     * @param elapsed time from the delivery of the message to the answer
     */
    default void read(ReadRequest request, Duration elapsed) {}

    /**
     * A READ was completed without its whole range in the cache.
     *
     * @param request the request
     * @param cause   why
     */
    default void readFailed(ReadRequest request, Throwable cause) {}

    /**
     * An object was closed.
     *
     * @param request the request
     */
    default void closed(CloseRequest request) {}

    /**
     * Something went wrong that belongs to no request: a message that is malformed or cannot be delivered, an exception
     * of {@link OnDemandHandler#opened} or {@link OnDemandHandler#close}.
     *
     * @param cause what
     */
    default void trouble(Throwable cause) {}
}
