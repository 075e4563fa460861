// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

/**
 * Which calls of a handler an {@link OnDemandServer} makes at the same time.
 *
 * <p>Requests that may not be served yet wait in the server, not in the kernel: their deadlines run, and objects take
 * turns, so that no one of them keeps the others waiting. A call that has missed its deadline does not count any more.
 */
public enum Concurrency {

    /** One call at a time. For handlers that are not safe for use by several threads; a slow call delays all others. */
    SERIAL,

    /**
     * One call at a time for each object, any number of objects. For handlers with a connection or a position for each
     * blob; several readers of one blob wait for each other.
     */
    PER_OBJECT,

    /** Any number of calls, also for one object. The fastest: readers wait for nothing but their own bytes. */
    PARALLEL
}
