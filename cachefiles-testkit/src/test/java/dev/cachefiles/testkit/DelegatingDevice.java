// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.DeviceFile;
import dev.cachefiles.spi.TimeSource;
import java.lang.foreign.MemorySegment;

/** A device that passes all calls on, for tests that step in between. */
class DelegatingDevice implements DeviceFile {
    private final DeviceFile device;

    DelegatingDevice(DeviceFile device) {
        this.device = device;
    }

    @Override
    public int read(MemorySegment buffer) {
        return device.read(buffer);
    }

    @Override
    public int write(MemorySegment command) {
        return device.write(command);
    }

    @Override
    public int await(long timeoutNanos) {
        return device.await(timeoutNanos);
    }

    @Override
    public int wantsCulling() {
        return device.wantsCulling();
    }

    @Override
    public int writeIn(int directory, MemorySegment command) {
        return device.writeIn(directory, command);
    }

    @Override
    public void wake() {
        device.wake();
    }

    @Override
    public void clearWake() {
        device.clearWake();
    }

    @Override
    public AnonFile adopt(int fd) {
        return device.adopt(fd);
    }

    @Override
    public int pageSize() {
        return device.pageSize();
    }

    @Override
    public TimeSource time() {
        return device.time();
    }

    @Override
    public void close() {
        device.close();
    }
}
