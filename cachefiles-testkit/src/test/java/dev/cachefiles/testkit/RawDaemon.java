// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.Errno;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.protocol.MessageDecoder;
import dev.cachefiles.protocol.MessageLayout;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** A daemon without an engine: makes the bare calls, one at a time, to look at the kernel's answers. */
final class RawDaemon {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    final DeviceFile device;
    private final MemorySegment buffer = Arena.ofAuto().allocate(MessageLayout.MAX_SIZE, Long.BYTES);

    RawDaemon(FakeKernel kernel) throws IOException {
        this(kernel.open(CacheOptions.DEFAULT_DEVICE));
    }

    RawDaemon(DeviceFile device) {
        this.device = device;
    }

    static RawDaemon bound(FakeKernel kernel) throws IOException {
        var daemon = new RawDaemon(kernel);
        daemon.commandTaken("dir /cache");
        daemon.commandTaken("bind ondemand");
        return daemon;
    }

    /** Writes a command; "ok" or the errno's symbol. */
    String command(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int result = device.write(MemorySegment.ofArray(bytes));
        return result == bytes.length ? "ok" : symbol(result);
    }

    void commandTaken(String text) {
        assertEquals("ok", command(text), text);
    }

    /** Reads the device until there is a message, which must be of a type. */
    <T extends Message> T next(Class<T> type) throws IOException {
        long start = System.nanoTime();
        while (System.nanoTime() - start < PATIENCE_NANOS) {
            if (device.await(PATIENCE_NANOS) == DeviceFile.READABLE) {
                int length = device.read(buffer);
                if (length != 0) {
                    assertEquals("a message", length > 0 ? "a message" : symbol(length));
                    return assertInstanceOf(type, MessageDecoder.decode(buffer, length));
                }
            }
        }
        throw new AssertionError("no " + type.getSimpleName());
    }

    /** Reads the device once; the message's length, 0 or a negated errno. */
    int readOnce() {
        return device.read(buffer);
    }

    /** Reads the device once, as text. */
    String readText() {
        int length = device.read(buffer);
        return new String(
                buffer.asSlice(0, Math.max(0, length)).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
    }

    /** Takes the next OPEN and accepts it. */
    Opened accept(long size) throws IOException {
        Message.Open open = next(Message.Open.class);
        AnonFile file = device.adopt(open.fd());
        commandTaken("copen " + Integer.toUnsignedString(open.messageId()) + "," + size);
        return new Opened(open, file);
    }

    record Opened(Message.Open message, AnonFile file) {}

    static String symbol(long result) {
        return result >= 0 ? "ok" : Errno.ofResult(result).symbol();
    }

    /** Native memory with a byte in every place. */
    static MemorySegment memory(long size, int value) {
        MemorySegment memory = Arena.ofAuto().allocate(Math.max(1, size), 4096).asSlice(0, size);
        memory.fill((byte) value);
        return memory;
    }
}
