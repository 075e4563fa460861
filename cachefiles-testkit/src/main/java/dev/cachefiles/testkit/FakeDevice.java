// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.Errno;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.DeviceFile;
import dev.cachefiles.spi.TimeSource;
import dev.cachefiles.testkit.FaultScript.Fault;
import dev.cachefiles.testkit.FaultScript.Point;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.function.IntSupplier;

/** An open device. Takes the kernel's lock in each call. */
final class FakeDevice implements DeviceFile {
    private final KernelCore core;
    private final OpenDevice device;
    private final FakeCache cache;
    private final CallGuard guard;
    private boolean woken;

    /** Closed, or its process was killed. */
    private boolean gone;

    /** Makes an fd; with the kernel's lock held. */
    FakeDevice(KernelCore core, OpenDevice device) {
        this.core = core;
        this.device = device;
        this.cache = device.cache;
        this.guard = new CallGuard(() -> "the device", core.journal);
        core.process.opened(this);
    }

    /** With the kernel's lock held. */
    OpenDevice device() {
        return device;
    }

    /** Takes the fd away from its process; what is to be done then. With the kernel's lock held. */
    Runnable kill() {
        guard.kill();
        gone = true;
        return device.file::close;
    }

    @Override
    public int read(MemorySegment buffer) {
        return call("read", () -> {
            int error = core.faults.error(Point.READ_DEVICE);
            int length = error != 0 ? error : cache.read(buffer);
            core.journal.deviceReads++;
            if (length == 0) {
                core.journal.emptyDeviceReads++;
            }
            return length;
        });
    }

    @Override
    public int write(MemorySegment command) {
        return call("write", () -> {
            byte[] bytes = command.toArray(ValueLayout.JAVA_BYTE);
            String text = new String(bytes, StandardCharsets.UTF_8);
            core.journal.command(text);
            int error = core.faults.error(text.split(" ", 2)[0]);
            return error != 0 ? error : device.commands.execute(bytes);
        });
    }

    @Override
    public int await(long timeoutNanos) {
        return call("await", () -> {
            core.journal.deviceWaits++;
            switch (core.faults.pass(Point.AWAIT)) {
                case Fault.Fail fail -> {
                    return KernelCore.error(fail.errno());
                }
                case Fault.Return early -> {
                    return early.ready();
                }
                case null, default -> {}
            }
            long start = core.time.nanoTime();
            long left = timeoutNanos;
            while (!gone) {
                long seen = core.pollers.wakeUps();
                int ready = ready();
                if (ready != 0 || left == 0) {
                    return ready;
                }
                if (core.pollers.takeRepeat()) {
                    return READABLE;
                }
                core.pollers.sleep(seen, timeoutNanos < 0 ? Long.MAX_VALUE : left);
                if (timeoutNanos >= 0) {
                    left = Math.max(0, timeoutNanos - (core.time.nanoTime() - start));
                }
            }
            return KernelCore.error(Errno.EBADF);
        });
    }

    private int ready() {
        return (cache.isReadable() ? READABLE : 0) | (woken ? WOKEN : 0);
    }

    @Override
    public int wantsCulling() {
        return call("wantsCulling", () -> cache.isCulling() ? 1 : 0);
    }

    @Override
    public int writeIn(int directory, MemorySegment command) {
        return call("writeIn", () -> {
            byte[] bytes = command.toArray(ValueLayout.JAVA_BYTE);
            String text = new String(bytes, StandardCharsets.UTF_8);
            core.journal.command(text);
            FakeFiles.Node node = core.files.node(directory);
            if (node == null) {
                return KernelCore.error(Errno.EBADF);
            }
            int error = core.faults.error(text.split(" ", 2)[0]);
            return error != 0 ? error : device.commands.executeIn(node, bytes);
        });
    }

    @Override
    public void wake() {
        call("wake", () -> {
            woken = true;
            core.pollers.wakeAll();
            return 0;
        });
    }

    @Override
    public void clearWake() {
        call("clearWake", () -> {
            woken = false;
            return 0;
        });
    }

    @Override
    public AnonFile adopt(int fd) {
        guard.enter("adopt");
        core.lock.lock();
        try {
            if (gone) {
                return FakeAnonFile.ofKilledProcess(core, cache, fd);
            }
            FakeAnonFile file = core.process.get(fd);
            if (file == null) {
                throw core.journal.misuse("adoption of fd " + fd + ", which is not open");
            }
            file.adopt();
            return file;
        } finally {
            core.lock.unlock();
            guard.exit();
        }
    }

    @Override
    public int pageSize() {
        return core.settings.pageSize();
    }

    @Override
    public TimeSource time() {
        return core.time;
    }

    @Override
    public void close() {
        guard.close();
        core.lock.lock();
        try {
            if (!gone) {
                gone = true;
                core.process.closed(this);
                device.file.close();
            }
        } finally {
            core.lock.unlock();
        }
    }

    private int call(String name, IntSupplier call) {
        guard.enter(name);
        try {
            core.lock.lock();
            try {
                return gone ? KernelCore.error(Errno.EBADF) : call.getAsInt();
            } finally {
                core.lock.unlock();
            }
        } finally {
            guard.exit();
        }
    }
}
