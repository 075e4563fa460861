// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.io.IOException;

/**
 * What a daemon must know: how large an object is, and what bytes it has.
 *
 * <p>Most handlers implement {@link #open} and {@link #read}. Whatever they do, the {@link OnDemandServer} answers each
 * request exactly once; anything thrown is contained, reported to the {@link OnDemandListener}, and ends no more than
 * the one request.
 *
 * <p>Called by several threads at once unless the server was told otherwise ({@link Concurrency}): for different objects,
 * and for one object as well. For one object the order is {@code open}, {@code opened}, any number of {@code read},
 * {@code close}; {@code close} comes after all of them have returned, but for those that have missed their deadline.
 *
 * <p>A call whose deadline has passed is answered by the server, and its thread interrupted. An interrupt closes a
 * {@link java.nio.channels.FileChannel} that the thread is using: what several requests share must be opened again.
 *
 * <p>A handler must not read a file of a mount that it serves: it would wait for itself.
 */
public interface OnDemandHandler {

    /**
     * Tells the size of an object. A process waits in mount(2) meanwhile, and cannot be killed.
     *
     * <p>The keys are untrusted input. The same name must always mean the same bytes and the same size. Bytes cannot be
     * written yet; see {@link #opened}.
     *
     * @param request the request; the return value answers it, unless the handler has done so itself
     * @return size of the object in bytes, not negative
     * @throws IOException to refuse: mount(2) fails, with {@code EIO} or {@code ENOBUFS} whatever is thrown. A re-OPEN
     *     cannot be refused: it is accepted, and {@code open} is called again with the same request before the next
     *     READ of the object is served
     */
    long open(OpenRequest request) throws IOException;

    /**
     * The kernel has the size: bytes can be written from now on, also by other threads and although none has been
     * missed yet. Does nothing by default.
     *
     * @param object the object
     * @throws IOException is reported, and changes nothing
     */
    default void opened(CacheObject object) throws IOException {}

    /**
     * Puts the bytes of a range into the cache, through the request's {@linkplain ReadRequest#fd fd}. A reader waits
     * meanwhile.
     *
     * <p>Returning answers the request, unless the handler has done so itself. It is answered without data if the range
     * is not whole or the method throws: the reader then gets {@code EIO}, and a later read asks again.
     *
     * @param request the request
     * @throws IOException if the bytes cannot be had; the protocol cannot tell the reader why
     */
    void read(ReadRequest request) throws IOException;

    /**
     * The object is gone: the kernel has let it go, or the server closes, or the cache has died. Its fd closes after this
     * returns. Called once for each object for which {@link #open} has returned, also if the kernel no longer waited for
     * the size; but not for those whose fd the handler has {@linkplain AnonFd#close given back}. Does nothing by default.
     *
     * @param request the request
     * @throws IOException is reported, and changes nothing
     */
    default void close(CloseRequest request) throws IOException {}
}
