// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.DeviceFd;
import dev.cachefiles.spi.DeviceFile;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fds that another process has inherited from the daemon.
 *
 * <p>Safe for use by several threads.
 */
public final class InheritedFds implements AutoCloseable {
    private final KernelCore core;
    private final @Nullable OpenDevice device;
    private final List<OpenFile> files = new ArrayList<>();

    InheritedFds(KernelCore core, List<FakeDevice> devices, List<FakeAnonFile> fds) {
        this.core = core;
        this.device = devices.isEmpty() ? null : devices.getFirst().device();
        devices.forEach(fd -> files.add(fd.device().file));
        fds.forEach(fd -> files.add(fd.file()));
        files.forEach(OpenFile::share);
    }

    /**
     * Hands the device to the next daemon, which goes on where the last one has ended: the cache is bound already, and
     * requests that the last one has read come again after the command {@code restore}.
     *
     * @return the open device, owned by the caller
     * @throws IllegalStateException if the device was not open, or these fds are closed
     */
    public DeviceFile device() {
        core.lock.lock();
        try {
            if (device == null || files.isEmpty()) {
                throw new IllegalStateException("the device is not among these fds");
            }
            device.file.share();
            return new FakeDevice(core, device);
        } finally {
            core.lock.unlock();
        }
    }

    /**
     * Starts the next daemon with an fd of the device, for {@link dev.cachefiles.CachefilesChannel#adopt}. Until that is
     * adopted or the process {@linkplain FakeProcess#kill killed}, the device is busy.
     *
     * @return the fd
     * @throws IllegalStateException if the device was not open, these fds are closed, or the process has no number free
     */
    public DeviceFd deviceFd() {
        core.lock.lock();
        try {
            if (device == null || files.isEmpty()) {
                throw new IllegalStateException("the device is not among these fds");
            }
            int fd = core.process.inherit(device);
            if (fd < 0) {
                throw new IllegalStateException("the process has no fd free");
            }
            device.file.share();
            return new DeviceFd(fd);
        } finally {
            core.lock.unlock();
        }
    }

    /** Closes the fds, as the end of the process does. Does nothing the second time. */
    @Override
    public void close() {
        core.lock.lock();
        try {
            List<OpenFile> closing = List.copyOf(files);
            files.clear();
            closing.forEach(OpenFile::close);
            core.changed.signalAll();
        } finally {
            core.lock.unlock();
        }
    }
}
