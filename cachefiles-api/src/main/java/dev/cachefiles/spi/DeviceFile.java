// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.spi;

import java.lang.foreign.MemorySegment;

/**
 * An open {@code /dev/cachefiles}.
 *
 * <p>Safe for use by several threads; but the caller sees to it that no call is under way when {@link #close} is made,
 * and that none follows.
 */
public interface DeviceFile extends DirectoryCommands {

    /** Bit of {@link #await}: a message can probably be read. */
    int READABLE = 1;

    /** Bit of {@link #await}: {@link #wake} was called and {@link #clearWake} was not, since. */
    int WOKEN = 2;

    /**
     * Reads one message. Never blocks.
     *
     * @param buffer native memory for the message, at least 1024 bytes
     * @return the length of the message in bytes; 0 if there is none to deliver; or a negated errno
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_daemon_read in
     *      fs/cachefiles/daemon.c</a>
     */
    int read(MemorySegment buffer);

    /**
     * Writes one command. May wait for other commands, never for requests.
     *
     * @param command the command's bytes; no terminator, no newline; native or heap memory
     * @return the number of bytes taken, always all of them; or a negated errno
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_daemon_write in
     *      fs/cachefiles/daemon.c</a>
     */
    int write(MemorySegment command);

    /**
     * Waits until a message can probably be read or the device is woken. Holds its thread, also a virtual thread's
     * carrier, for as long.
     *
     * @param timeoutNanos longest wait in nanoseconds; 0 does not wait; negative waits without limit
     * @return bits of {@link #READABLE} and {@link #WOKEN}; 0 after the timeout or a signal; or a negated errno
     */
    int await(long timeoutNanos);

    /**
     * Tells whether the kernel asks for culling, {@code POLLOUT}. Does not wait.
     *
     * @return 1 if it does, 0 if not; or a negated errno
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_daemon_poll in
     *      fs/cachefiles/daemon.c</a>
     */
    default int wantsCulling() {
        return 0;
    }

    /**
     * {@inheritDoc}
     *
     * <p>A provider that does not offer this refuses with EOPNOTSUPP.
     */
    @Override
    default int writeIn(int directory, MemorySegment command) {
        return -95; // EOPNOTSUPP
    }

    /** Makes every {@link #await}, under way or to come, return with {@link #WOKEN} until {@link #clearWake}. */
    void wake();

    /** Takes {@link #wake} back. */
    void clearWake();

    /**
     * Takes over the fd that an OPEN message named, and sets close-on-exec on it.
     *
     * @param fd the number in the message
     * @return the file, which now owns the fd
     */
    AnonFile adopt(int fd);

    /**
     * Gives the unit of the kernel's page cache.
     *
     * @return bytes in a memory page, a power of two
     */
    int pageSize();

    /**
     * Gives the clock by which requests on this device expire.
     *
     * @return the clock of the machine, unless the provider has one of its own
     */
    default TimeSource time() {
        return TimeSource.system();
    }

    /**
     * Closes the device. May block for long: the last close writes the whole backing file system back.
     *
     * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_daemon_release in
     *      fs/cachefiles/daemon.c</a>
     */
    void close();
}
