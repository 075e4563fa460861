// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.util.List;
import java.util.function.Supplier;

/**
 * The process that serves a {@link FakeKernel}, as its kernel sees it: fds, limits, and its end.
 *
 * <p>Safe for use by several threads.
 */
public final class FakeProcess {
    private final KernelCore core;

    FakeProcess(KernelCore core) {
        this.core = core;
    }

    /** Gives the open fds as text. */
    List<String> openFdNames() {
        return locked(
                () -> core.process.fds().stream().map(FakeAnonFile::toString).toList());
    }

    /**
     * Sets how many fds the process may have ({@code RLIMIT_NOFILE}). An OPEN that finds none is not delivered: the read
     * of the device fails with {@code EMFILE} and the OPEN with it. One that comes again, for a READ of an object whose
     * fd was closed, is sent anew as often as the device is read, until there is an fd.
     *
     * @param limit the lowest number that no fd can have; numbers start at 3, the default is 1024
     */
    public void limitFds(int limit) {
        locked(() -> {
            core.process.fdLimit(limit);
            return limit;
        });
    }

    /**
     * Sets how many anonymous fds there can be in all processes ({@code fs.file-max}). An OPEN that finds none fails as
     * with {@link #limitFds}, but with {@code ENFILE}.
     *
     * @param limit number of fds; the default is no limit
     */
    public void limitFilesOfSystem(int limit) {
        locked(() -> {
            core.anonFileLimit = limit;
            return limit;
        });
    }

    /**
     * Sets how large a file the process may write ({@code RLIMIT_FSIZE}), without a chance to raise it. A write across the
     * limit is cut, one beyond it fails with {@code EFBIG}.
     *
     * @param bytes number of bytes, not negative; the default is no limit
     * @throws IllegalArgumentException if {@code bytes} is negative
     */
    public void limitFileSize(long bytes) {
        limitFileSize(bytes, bytes);
    }

    /**
     * Sets how large a file the process may write, and up to where it may raise that itself.
     *
     * @param soft number of bytes, not negative
     * @param hard number of bytes, at least {@code soft}
     * @throws IllegalArgumentException if {@code soft} is negative or greater than {@code hard}
     */
    public void limitFileSize(long soft, long hard) {
        if (soft < 0 || soft > hard) {
            throw new IllegalArgumentException("file size limit " + soft + " is not from 0 to " + hard);
        }
        locked(() -> {
            core.process.fileSizeLimit(soft, hard);
            return soft;
        });
    }

    /**
     * Starts a child that inherits all fds, as one does that is started before they are close-on-exec. The cache is busy
     * until the child has closed them too.
     *
     * @return the child's fds; to be closed
     */
    public InheritedFds inheritFds() {
        return locked(() -> new InheritedFds(core, core.process.devices(), core.process.fds()));
    }

    /**
     * Starts a supervisor that holds the device open and nothing else, so that the cache outlives this process.
     *
     * @return the supervisor's fd; to be closed
     */
    public InheritedFds inheritDevice() {
        return locked(() -> new InheritedFds(core, core.process.devices(), List.of()));
    }

    /**
     * Ends the process as {@code kill -9} does: all its fds are closed at once. What is left of it in this virtual machine
     * does no harm: its calls fail with {@code EBADF}, and {@code close} does nothing. Files it had written are stored;
     * the next daemon finds them.
     */
    public void kill() {
        locked(() -> {
            core.process.kill();
            core.pollers.wakeAll();
            core.changed.signalAll();
            return 0;
        });
    }

    private <T> T locked(Supplier<T> action) {
        core.lock.lock();
        try {
            return action.get();
        } finally {
            core.lock.unlock();
        }
    }
}
