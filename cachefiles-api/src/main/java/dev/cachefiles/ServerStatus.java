// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.time.Duration;

/**
 * How a server is doing at a moment.
 *
 * @param running   requests that are being served
 * @param waiting   requests that were taken from the kernel and wait for their turn
 * @param bytes     bytes that are being fetched for READs
 * @param oldest    age of the oldest request that is not answered; zero if there is none
 * @param overdue   handlers that have not returned although their requests were cancelled
 * @param cancelled requests that were cancelled since the server started, or since its cache was opened again
 * @param open      objects that the kernel has open
 * @param complete  those of them that are known to be cached as a whole
 * @param bound     false while the server tries to open a dead cache again
 */
public record ServerStatus(
        int running,
        int waiting,
        long bytes,
        Duration oldest,
        int overdue,
        long cancelled,
        int open,
        int complete,
        boolean bound) {}
