// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.spi;

import java.lang.foreign.MemorySegment;

/**
 * An anonymous fd of the kernel, through which an object's cache file is written.
 *
 * <p>Safe for use by several threads; but the caller sees to it that no call is under way when {@link #close} is made,
 * and that none follows.
 */
public interface AnonFile {

    /**
     * Writes at a position, with direct I/O: memory, length and position must be aligned. Blocks on the backing file
     * system.
     *
     * @param source   native memory, of which all bytes are to be written
     * @param position byte offset in the object
     * @return the number of bytes written, possibly fewer than asked; or a negated errno
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_ondemand_fd_write_iter in
     *      fs/cachefiles/ondemand.c</a>
     */
    long pwrite(MemorySegment source, long position);

    /**
     * Finds cached bytes.
     *
     * @param position byte offset in the object at which to start
     * @return byte offset of the first data at or after it; or a negated errno, ENXIO if there is none
     */
    long seekData(long position);

    /**
     * Finds a hole.
     *
     * @param position byte offset in the object at which to start
     * @return byte offset of the first hole at or after it, at most the file's size; or a negated errno, ENXIO if the
     *     position is not below the file's size
     */
    long seekHole(long position);

    /**
     * Gives the size of the cache file.
     *
     * @return bytes, the object's size rounded up to whole pages; or a negated errno, ENOBUFS while there is no file
     */
    long size();

    /**
     * Completes a READ of this file's object, {@code CACHEFILES_IOC_READ_COMPLETE}.
     *
     * @param messageId the 32 bits of the message's id
     * @return 0; or a negated errno, EINVAL if no such READ of this object is pending
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_ondemand_fd_ioctl in
     *      fs/cachefiles/ondemand.c</a>
     */
    int completeRead(int messageId);

    /** Closes the fd. */
    void close();
}
