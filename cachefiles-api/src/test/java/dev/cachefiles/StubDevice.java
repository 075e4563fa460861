// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** A device that takes every command and has no messages: what it takes to have objects, without a kernel. */
final class StubDevice implements DeviceFile {
    private final AtomicInteger ids = new AtomicInteger();
    private final CachefilesChannel channel;

    StubDevice() {
        try {
            channel = CachefilesChannel.open(
                    CacheOptions.builder(Path.of("/cache")).build(), path -> this);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int nextId() {
        return ids.incrementAndGet();
    }

    /** An object of its own. */
    CacheObject object() {
        int id = nextId();
        return new CacheObject(
                channel,
                new MessageId(id),
                new ObjectId(id),
                VolumeKey.of("v"),
                CookieKey.of("c" + id),
                new StubFile());
    }

    private static final class StubFile implements AnonFile {
        @Override
        public long pwrite(MemorySegment source, long position) {
            return source.byteSize();
        }

        @Override
        public long seekData(long position) {
            return -Errno.ENXIO.number();
        }

        @Override
        public long seekHole(long position) {
            return -Errno.ENXIO.number();
        }

        @Override
        public long size() {
            return 0;
        }

        @Override
        public int completeRead(int messageId) {
            return 0;
        }

        @Override
        public void close() {}
    }

    @Override
    public int read(MemorySegment buffer) {
        return 0;
    }

    @Override
    public int write(MemorySegment command) {
        return (int) command.byteSize();
    }

    @Override
    public int await(long timeoutNanos) {
        return 0;
    }

    @Override
    public void wake() {}

    @Override
    public void clearWake() {}

    @Override
    public AnonFile adopt(int fd) {
        return new StubFile();
    }

    @Override
    public int pageSize() {
        return 4096;
    }

    @Override
    public void close() {}
}
