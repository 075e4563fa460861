// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.spi;

import java.time.Instant;

/**
 * What a file system says of a file, statx(2).
 *
 * @param result         0; or a negated errno, and then all else means nothing
 * @param type           what it is
 * @param mountPoint     whether something is mounted here
 * @param device         the file system that it is on
 * @param inode          its number there
 * @param size           bytes from its start to its end
 * @param allocatedBytes bytes that it takes on the disk
 * @param accessed       when it was last used, as far as the file system keeps that
 */
public record FileStatus(
        int result,
        Type type,
        boolean mountPoint,
        long device,
        long inode,
        long size,
        long allocatedBytes,
        Instant accessed) {

    /** Kinds of files. */
    public enum Type {
        /** A regular file. */
        FILE,
        /** A directory. */
        DIRECTORY,
        /** A symbolic link, a device, a pipe, a socket. */
        OTHER
    }

    /**
     * Makes a result that stands for an error.
     *
     * @param result a negated errno
     * @return the result
     */
    public static FileStatus failed(int result) {
        return new FileStatus(result, Type.OTHER, false, 0, 0, 0, 0, Instant.EPOCH);
    }

    /**
     * Tells whether two are of the same file.
     *
     * @param other another
     * @return true if they are
     */
    public boolean isSameFile(FileStatus other) {
        return result == 0 && other.result == 0 && device == other.device && inode == other.inode;
    }
}
