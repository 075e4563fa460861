// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.spi;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The files of a cache directory: each name is one component, looked up in a directory that is open. So no name can lead
 * anywhere else, and what is found stays what it is while others rename things.
 *
 * <p>Open directories and files are numbers, not negative, which mean nothing but to this object. Each must be
 * {@linkplain #close closed} once.
 *
 * <p>Safe for use by several threads. All calls block on the file system.
 */
public interface CacheFiles {

    /**
     * Opens a directory by its path, in which symbolic links are followed.
     *
     * @param directory the path
     * @return the directory; or a negated errno
     */
    int openRoot(Path directory);

    /**
     * Opens a directory in another. A symbolic link is not followed.
     *
     * @param directory an open directory
     * @param name      the bytes of a name, without a slash; {@code ..} gives the directory above
     * @return the directory; or a negated errno, ENOTDIR or ELOOP if there is something else of that name
     */
    int openDirectory(int directory, byte[] name);

    /**
     * Opens a regular file for reading. A symbolic link is not followed, and nothing else is opened either.
     *
     * @param directory an open directory
     * @param name      the bytes of a name, without a slash
     * @return the file; or a negated errno, EINVAL if there is something else of that name
     */
    int openFile(int directory, byte[] name);

    /**
     * Closes a directory or file.
     *
     * @param handle what to close
     */
    void close(int handle);

    /**
     * Gives the names in a directory, without {@code .} and {@code ..}, each once.
     *
     * @param directory an open directory
     * @param names     is given the bytes of each name
     * @return 0; or a negated errno
     */
    int names(int directory, Consumer<byte[]> names);

    /**
     * Looks at a file by its name. A symbolic link is not followed.
     *
     * @param directory an open directory
     * @param name      the bytes of a name, without a slash
     * @return what it is
     */
    FileStatus status(int directory, byte[] name);

    /**
     * Looks at an open directory or file.
     *
     * @param handle what to look at
     * @return what it is
     */
    FileStatus status(int handle);

    /**
     * Gives the space of the file system that a directory is on.
     *
     * @param handle an open directory or file
     * @return the space
     */
    FreeSpace space(int handle);

    /**
     * Writes back what the file system has in memory, and so also makes free what was deleted.
     *
     * @param handle an open directory or file
     * @return 0; or a negated errno
     */
    int sync(int handle);

    /**
     * Reads an extended attribute.
     *
     * @param file   an open file
     * @param name   the attribute, such as {@code user.CacheFiles.cache}
     * @param target native memory for the value
     * @return the number of bytes; or a negated errno, ENODATA if there is none, ERANGE if it is longer
     */
    int attribute(int file, String name, MemorySegment target);

    /**
     * Reads bytes.
     *
     * @param file     an open file
     * @param target   native memory
     * @param position byte offset in the file
     * @return the number of bytes, 0 at the end; or a negated errno
     */
    long read(int file, MemorySegment target, long position);

    /**
     * Finds data.
     *
     * @param file     an open file
     * @param position byte offset at which to start
     * @return byte offset of the first data at or after it; or a negated errno, ENXIO if there is none
     */
    long seekData(int file, long position);

    /**
     * Finds a hole.
     *
     * @param file     an open file
     * @param position byte offset at which to start
     * @return byte offset of the first hole at or after it, at most the file's size; or a negated errno
     */
    long seekHole(int file, long position);

    /**
     * Deletes what is not a directory.
     *
     * @param directory an open directory
     * @param name      the bytes of a name, without a slash
     * @return 0; or a negated errno
     */
    int removeFile(int directory, byte[] name);

    /**
     * Deletes an empty directory.
     *
     * @param directory an open directory
     * @param name      the bytes of a name, without a slash
     * @return 0; or a negated errno, EBUSY if the kernel uses it
     */
    int removeDirectory(int directory, byte[] name);
}
