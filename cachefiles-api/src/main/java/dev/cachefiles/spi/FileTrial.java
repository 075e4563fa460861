// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.spi;

/**
 * What came of the trial of a directory's file system.
 *
 * @param unnamedFile 0 if an unnamed file can be made there ({@code O_TMPFILE}); else a negated errno, ENOSYS if it was
 *     not tried
 * @param directWrite 0 if such a file takes direct I/O ({@code O_DIRECT}); else a negated errno
 */
public record FileTrial(int unnamedFile, int directWrite) {

    private static final int ENOSYS = 38;

    /** The provider tries nothing. */
    public static final FileTrial NONE = new FileTrial(-ENOSYS, -ENOSYS);
}
