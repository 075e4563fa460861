// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.time.Duration;

/**
 * What a kernel is made with.
 *
 * @param profile        whose behaviour to show
 * @param onDemand       whether it was built with the on-demand mode
 * @param pageSize       bytes in a page
 * @param blockSize      bytes in a block of the cache's file system: the unit of holes
 * @param sectorSize     bytes that the length of a direct write must be a multiple of
 * @param capacity       bytes on the cache's disk
 * @param inodes         files that the cache's file system can have
 * @param readAhead      most bytes that a read asks for at once
 * @param attachDelay    calls that are refused after copen until the file is attached
 * @param firstMessageId the id of the first message
 * @param firstObjectId  the id of the first object
 * @param virtualTime    whether the clock stands still until it is moved
 * @param patience       longest wait of a mount or a read for the daemon
 */
record Settings(
        KernelProfile profile,
        boolean onDemand,
        int pageSize,
        int blockSize,
        int sectorSize,
        long capacity,
        long inodes,
        int readAhead,
        int attachDelay,
        int firstMessageId,
        int firstObjectId,
        boolean virtualTime,
        Duration patience) {

    /** Every kernel so far: {@code CACHEFILES_DIO_BLOCK_SIZE}, to which the size of a cache file is rounded up. */
    static final int FILE_SIZE_UNIT = 4096;

    /** What direct I/O asks of a memory address: the device's DMA alignment. */
    static final int MEMORY_ALIGNMENT = 512;
}
