// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.cache.CullReport;
import java.time.Duration;

/**
 * Hears what becomes of requests. All methods do nothing by default.
 *
 * <p>The life of an OPEN or READ: {@link #delivered}, {@link #started}, for a READ any number of {@link #fetched} and
 * {@link #written}, and one of {@link #opened}, {@link #openFailed}, {@link #read} and {@link #readFailed}. A request
 * whose deadline passes fails with a {@link java.util.concurrent.TimeoutException}, also without having been started;
 * {@link #late} follows when its handler returns after all.
 *
 * <p>Called by the threads of the server and of the handler, by several at once. What tells of the end of a request is
 * called after the answer: no reader waits for it, but the next request may. What a listener throws is logged and
 * dropped.
 */
public interface OnDemandListener {

    /**
     * A request was read from the device, and waits for its turn.
     *
     * @param request the request
     */
    default void delivered(Request request) {}

    /**
     * The handler is called for a request.
     *
     * @param request the request, whose {@linkplain Request#age age} is the time it has waited
     */
    default void started(Request request) {}

    /**
     * Bytes were had from where they come from, through {@link AnonFd#fill}.
     *
     * @param object  the object
     * @param offset  byte offset in the object
     * @param length  number of bytes
     * @param elapsed time it took
     */
    default void fetched(CacheObject object, long offset, long length, Duration elapsed) {}

    /**
     * Bytes were written into the cache.
     *
     * @param object  the object
     * @param offset  byte offset in the object
     * @param length  number of bytes, with those that pad the object's end
     * @param elapsed time it took
     */
    default void written(CacheObject object, long offset, long length, Duration elapsed) {}

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
     * All bytes of an object are cached: no READ of it comes any more. Told once for each OPEN, also of an object that
     * was complete before; after the answer to the READ that made it so, or within two seconds. Not told of an object
     * that is closed sooner.
     *
     * @param object the object
     */
    default void complete(CacheObject object) {}

    /**
     * A handler has returned after its request was cancelled. What it has answered was dropped.
     *
     * @param request the request, whose {@linkplain Request#age age} is the time it took
     */
    default void late(Request request) {}

    /**
     * An object was closed.
     *
     * @param request the request
     */
    default void closed(CloseRequest request) {}

    /**
     * The kernel has given the cache up. All readers and mounts of it get errors from now on.
     *
     * @param cause says so
     */
    default void cacheDied(CachefilesException cause) {}

    /**
     * The cache was bound again after it had died. Images can be mounted again.
     */
    default void cacheReopened() {}

    /**
     * Objects were culled to keep the cache within its limits; or would have been, in a dry run.
     *
     * @param report what was found and done
     */
    default void culled(CullReport report) {}

    /**
     * Something went wrong that belongs to no request: a message that is malformed or cannot be delivered, an exception
     * of {@link OnDemandHandler#opened} or {@link OnDemandHandler#close}.
     *
     * @param cause what
     */
    default void trouble(Throwable cause) {}
}
