// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.spi;

import java.lang.foreign.MemorySegment;

/** Writes commands that the kernel carries out in the working directory of the thread that writes them. */
@FunctionalInterface
public interface DirectoryCommands {

    /**
     * Writes one command, on a thread whose working directory is its own: neither that of the process nor that of any
     * other thread is ever changed. Blocks until the command is done.
     *
     * @param directory an open directory of the provider's {@link CacheFiles}, in which the command is carried out
     * @param command   the command's bytes; no terminator, no newline
     * @return the number of bytes taken; or a negated errno, also if the thread or its directory cannot be had
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_daemon_cull in
     *      fs/cachefiles/daemon.c</a>
     */
    int writeIn(int directory, MemorySegment command);
}
