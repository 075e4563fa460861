// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.spi;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Opens the device. Found by {@link java.util.ServiceLoader}.
 *
 * <p>Safe for use by several threads.
 */
public interface CachefilesProvider {

    /**
     * Opens the device for reading and writing, close-on-exec. Blocks while the kernel looks the path up.
     *
     * @param device the path of the device, normally {@code /dev/cachefiles}
     * @return the open device, owned by the caller
     * @throws IOException                   if the open fails; names the device, the error and the probable cause
     * @throws UnsupportedOperationException if this provider cannot work on this platform; says why
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_daemon_open in
     *      fs/cachefiles/daemon.c</a>
     */
    DeviceFile open(Path device) throws IOException;

    /**
     * Takes over a device that this process has open already, and sets close-on-exec on it.
     *
     * @param fd the number of the fd
     * @return the open device, owned by the caller
     * @throws IOException                   if there is no such fd, or it is not the device, open for reading and
     *     writing; the fd is left as it is then
     * @throws UnsupportedOperationException if this provider cannot work on this platform, or cannot take devices over
     */
    default DeviceFile adopt(int fd) throws IOException {
        throw new UnsupportedOperationException("this provider takes over no open device");
    }

    /**
     * Tries what the kernel will do in a cache's directory: makes a file without a name, writes a block of it with direct
     * I/O, and drops it. Blocks on the file system.
     *
     * @param directory the directory
     * @return what came of it
     * @throws UnsupportedOperationException if this provider cannot work on this platform
     */
    default FileTrial tryFiles(Path directory) {
        return FileTrial.NONE;
    }

    /**
     * Loads and links what {@link #open} needs, so that it takes less time. Fails in silence: {@link #open} will tell.
     */
    default void prepare() {}

    /**
     * Lets this process have as many files open as it may: raises the soft limit ({@code RLIMIT_NOFILE}) to the hard
     * one.
     *
     * @return the number of files that the process may have open from now on; or a negated errno
     */
    default long raiseFileLimit() {
        return Long.MAX_VALUE;
    }

    /**
     * Lets this process write files as large as it may: raises the soft limit ({@code RLIMIT_FSIZE}) to the hard one.
     *
     * @return the size in bytes up to which the process may write files from now on; or a negated errno
     */
    default long raiseFileSizeLimit() {
        return Long.MAX_VALUE;
    }

    /**
     * Gives the way to the files of a cache directory.
     *
     * @return the calls
     * @throws UnsupportedOperationException if this provider cannot work on this platform, or does not offer it
     */
    default CacheFiles files() {
        throw new UnsupportedOperationException("this provider shows no files of a cache");
    }
}
