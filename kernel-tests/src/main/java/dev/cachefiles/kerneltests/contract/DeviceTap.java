// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Opens a kernel's device for the library, and keeps a hand on it. */
final class DeviceTap implements CachefilesProvider {
    private static final long HOLD_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final CachefilesProvider provider;
    private volatile DeviceFile device;
    private volatile boolean held;

    /** What a thread of the library passes with the fd of an OPEN, before anyone hears of the request. */
    final Gate fds = new Gate();

    DeviceTap(KernelUnderTest kernel) {
        this.provider = kernel.provider();
    }

    @Override
    public DeviceFile open(Path path) throws IOException {
        device = provider.open(path);
        return new Tapped(device);
    }

    /** Leaves messages with the kernel until {@link #letMessagesPass}, for half a minute at most. */
    void holdMessages() {
        held = true;
    }

    void letMessagesPass() {
        held = false;
    }

    /** Writes a command that must succeed. */
    void command(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertEquals(bytes.length, device.write(MemorySegment.ofArray(bytes)), text);
    }

    /** Tells whether a message can be read. */
    boolean isReadable() {
        return (device.await(0) & DeviceFile.READABLE) != 0;
    }

    /** The device as the library sees it. */
    private final class Tapped implements DeviceFile {
        private final DeviceFile real;

        Tapped(DeviceFile real) {
            this.real = real;
        }

        @Override
        public int await(long timeoutNanos) {
            int ready = real.await(timeoutNanos);
            long start = System.nanoTime();
            while (held && System.nanoTime() - start < HOLD_NANOS) {
                LockSupport.parkNanos(1_000_000);
            }
            return ready;
        }

        @Override
        public int read(MemorySegment buffer) {
            return real.read(buffer);
        }

        @Override
        public int write(MemorySegment command) {
            return real.write(command);
        }

        @Override
        public int wantsCulling() {
            return real.wantsCulling();
        }

        @Override
        public int writeIn(int directory, MemorySegment command) {
            return real.writeIn(directory, command);
        }

        @Override
        public void wake() {
            real.wake();
        }

        @Override
        public void clearWake() {
            real.clearWake();
        }

        @Override
        public AnonFile adopt(int fd) {
            fds.pass();
            return real.adopt(fd);
        }

        @Override
        public int pageSize() {
            return real.pageSize();
        }

        @Override
        public void close() {
            real.close();
        }
    }
}
