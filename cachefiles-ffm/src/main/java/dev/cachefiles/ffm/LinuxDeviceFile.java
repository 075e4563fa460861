// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import dev.cachefiles.Errno;
import dev.cachefiles.ffm.libc.LibC;
import dev.cachefiles.ffm.libc.PollFds;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.DeviceFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An fd of {@code /dev/cachefiles}, and an eventfd that wakes those who wait for it: closing an fd does not wake anyone
 * who polls it.
 */
final class LinuxDeviceFile implements DeviceFile {
    private static final int DEVICE = 0;
    private static final int EVENT = 1;

    private final int fd;
    private final int event;
    private final int pageSize = LibC.pageSize();
    private final WorkingDirectoryThread directories = new WorkingDirectoryThread();

    /** The kernel writes what it found into the array, so each thread has its own. */
    private final ThreadLocal<PollFds> pollFds;

    LinuxDeviceFile(int fd, int event) {
        this.fd = fd;
        this.event = event;
        this.pollFds = ThreadLocal.withInitial(() -> PollFds.of(fd, event));
    }

    @Override
    public int read(MemorySegment buffer) {
        return (int) LibC.read(fd, buffer);
    }

    @Override
    public int write(MemorySegment command) {
        if (command.isNative()) {
            return (int) LibC.write(fd, command);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(command.byteSize());
            copy.copyFrom(command);
            return (int) LibC.write(fd, copy);
        }
    }

    @Override
    public int await(long timeoutNanos) {
        PollFds fds = pollFds.get();
        int found = LibC.poll(fds, timeoutNanos);
        if (found <= 0) {
            return found == -Errno.EINTR.number() ? 0 : found;
        }
        short device = fds.found(DEVICE);
        if (found == 1 && device == PollFds.POLLIN) {
            return READABLE;
        }
        if ((device & ~PollFds.POLLIN) != 0) {
            return -Errno.EBADF.number(); // only POLLNVAL is possible: the device never reports an error or a hang-up
        }
        return (device != 0 ? READABLE : 0) | (fds.found(EVENT) != 0 ? WOKEN : 0);
    }

    @Override
    public int wantsCulling() {
        PollFds fds = PollFds.ofOutput(fd);
        int found = LibC.poll(fds, 0);
        if (found <= 0) {
            return found == -Errno.EINTR.number() ? 0 : found;
        }
        return (fds.found(DEVICE) & ~PollFds.POLLOUT) != 0 ? -Errno.EBADF.number() : 1;
    }

    @Override
    public int writeIn(int directory, MemorySegment command) {
        return directories.call(directory, () -> write(command));
    }

    @Override
    public void wake() {
        try (Arena arena = Arena.ofConfined()) {
            // EAGAIN means that the counter is at its maximum, and so awake.
            LibC.write(event, arena.allocateFrom(ValueLayout.JAVA_LONG, 1));
        }
    }

    @Override
    public void clearWake() {
        try (Arena arena = Arena.ofConfined()) {
            LibC.read(event, arena.allocate(ValueLayout.JAVA_LONG));
        }
    }

    @Override
    public AnonFile adopt(int anonFd) {
        // The kernel gives it without close-on-exec; a child that inherits it keeps the cache pinned.
        LibC.setCloseOnExec(anonFd);
        return new LinuxAnonFile(anonFd);
    }

    @Override
    public int pageSize() {
        return pageSize;
    }

    @Override
    public void close() {
        directories.close();
        LibC.close(fd);
        LibC.close(event);
    }
}
