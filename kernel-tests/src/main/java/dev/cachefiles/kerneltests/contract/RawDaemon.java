// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.cachefiles.Errno;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.protocol.MessageDecoder;
import dev.cachefiles.protocol.MessageLayout;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.DeviceFile;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A daemon without an engine: makes the bare calls, one at a time, to look at the kernel's answers. For use by one thread,
 * but for {@link #device}.
 */
public final class RawDaemon implements Closeable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** The open device. */
    public final DeviceFile device;

    private final MemorySegment buffer = Arena.ofAuto().allocate(MessageLayout.MAX_SIZE, Long.BYTES);
    private final Map<Integer, Fd> files = new HashMap<>();
    private boolean closed;
    private long reads;

    /** Opens the device. */
    public RawDaemon(KernelUnderTest kernel) throws IOException {
        device = kernel.provider().open(kernel.options().device());
        kernel.closeAtEnd(this);
    }

    /** Opens the device and binds the kernel's cache directory. */
    public static RawDaemon bound(KernelUnderTest kernel) throws IOException {
        var daemon = new RawDaemon(kernel);
        daemon.bind(kernel);
        return daemon;
    }

    /** Binds the kernel's cache directory. */
    public void bind(KernelUnderTest kernel) {
        commandTaken("dir " + kernel.options().directory());
        commandTaken("bind ondemand");
    }

    // Commands

    /** Writes a command; "ok" or the errno's symbol. */
    public String command(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int result = device.write(MemorySegment.ofArray(bytes));
        return result == bytes.length ? "ok" : symbol(result);
    }

    /** Writes a command that must succeed. */
    public void commandTaken(String text) {
        assertEquals("ok", command(text), text);
    }

    /** Answers an OPEN with a size or a negated errno; "ok" or the errno's symbol. */
    public String copen(Message.Open open, long size) {
        return command("copen " + Integer.toUnsignedString(open.messageId()) + "," + size);
    }

    // Messages

    /** Reads the device once; the message's length, 0 or a negated errno. */
    public int readOnce() {
        return device.read(buffer);
    }

    /** Reads the device until there is a message. */
    public Message next() throws IOException {
        long start = System.nanoTime();
        while (System.nanoTime() - start < PATIENCE_NANOS) {
            Message message = poll(LOOK_NANOS);
            if (message != null) {
                return message;
            }
        }
        throw new AssertionError("no message");
    }

    /** Reads the device until there is a message, which must be of a type. */
    public <T extends Message> T next(Class<T> type) throws IOException {
        return assertInstanceOf(type, next());
    }

    private @Nullable Message poll(long nanos) throws IOException {
        if ((device.await(nanos) & DeviceFile.READABLE) == 0) {
            return null;
        }
        int length = readOnce();
        if (length == 0) {
            return null;
        }
        assertEquals("a message", length > 0 ? "a message" : symbol(length));
        Message message = MessageDecoder.decode(buffer, length);
        reads += message instanceof Message.Read ? 1 : 0;
        return message;
    }

    /** How many READs there were. */
    public long reads() {
        return reads;
    }

    /** Takes over the fd of an OPEN. */
    public Opened adopt(Message.Open open) {
        var file = new Fd(device.adopt(open.fd()));
        files.put(open.objectId(), file);
        return new Opened(open, file);
    }

    /** Takes the next OPEN, unanswered. */
    public Opened nextOpen() throws IOException {
        return adopt(next(Message.Open.class));
    }

    /** Takes the next OPEN and accepts it. */
    public Opened accept(long size) throws IOException {
        Opened opened = nextOpen();
        assertEquals("ok", copen(opened.message(), size), "copen");
        return opened;
    }

    /** An OPEN and its fd. */
    public record Opened(Message.Open message, Fd file) {}

    // Serving

    /** The fd of an object. */
    public Fd file(int objectId) {
        Fd file = files.get(objectId);
        if (file == null) {
            throw new AssertionError("no OPEN was read for the object " + objectId);
        }
        return file;
    }

    /** Answers a READ with all its bytes. */
    public void serve(Message.Read read, Image image) {
        file(read.objectId()).put(image, read.offset(), read.length());
        assertEquals(0, file(read.objectId()).completeRead(read.messageId()), read.toString());
    }

    /** Answers a READ without data. */
    public void completeEmpty(Message.Read read) {
        assertEquals(0, file(read.objectId()).completeRead(read.messageId()), read.toString());
    }

    /** Serves all requests with one image, as an honest daemon does, until a condition holds. */
    public void serveUntil(BooleanSupplier end, Image image) throws IOException {
        long start = System.nanoTime();
        while (!end.getAsBoolean()) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new AssertionError("has served for a minute, and the end has not come");
            }
            switch (poll(LOOK_NANOS)) {
                case null -> {}
                case Message.Open open -> {
                    adopt(open);
                    copen(open, image.length());
                }
                case Message.Read read -> serve(read, image);
                case Message.Close close -> closed(close);
            }
        }
    }

    /** Closes the fd of a CLOSE, if it is known. */
    public void closed(Message.Close close) {
        Fd file = files.remove(close.objectId());
        if (file != null) {
            file.close();
        }
    }

    /** Waits for a mount and serves it. */
    public Mount mounted(Mounting mounting, Image image) throws IOException {
        serveUntil(() -> !mounting.isWaiting(), image);
        return mounting.mounted();
    }

    /** Waits for the bytes of a reader and serves it. */
    public byte[] bytes(Reading reading, Image image) throws IOException {
        serveUntil(() -> !reading.isWaiting(), image);
        return reading.bytes();
    }

    /** Closes all fds, then the device. Does nothing the second time. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            files.values().forEach(Fd::close);
            device.close();
        }
    }

    /** Closes the device alone. */
    public void closeDevice() {
        closed = true;
        device.close();
    }

    /** Closes all fds, also after the device was closed. */
    public void closeFiles() {
        files.values().forEach(Fd::close);
    }

    /** "ok", or the symbol of the errno that a result stands for. */
    public static String symbol(long result) {
        return result >= 0 ? "ok" : Errno.ofResult(result).symbol();
    }

    /** Page-aligned native memory with a byte in every place. */
    public static MemorySegment memory(long size, int value) {
        MemorySegment memory =
                Arena.ofAuto().allocate(Math.max(1, size), Image.BLOCK).asSlice(0, size);
        memory.fill((byte) value);
        return memory;
    }

    /** An anonymous fd, which can be closed twice. */
    public static final class Fd {
        private final AnonFile file;
        private boolean closed;

        private Fd(AnonFile file) {
            this.file = file;
        }

        /** Writes; the number of bytes or a negated errno. */
        public long pwrite(MemorySegment source, long position) {
            return file.pwrite(source, position);
        }

        /** Writes a range of an image, widened to whole blocks; beyond the image, zeros. Must succeed. */
        public void put(Image image, long offset, long length) {
            long start = offset & -Image.BLOCK;
            long end = (offset + length + Image.BLOCK - 1) & -Image.BLOCK;
            MemorySegment memory = memory(end - start, 0);
            long there = Math.max(0, Math.min(end, image.length()) - start);
            MemorySegment.copy(image.bytes(), (int) start, memory, ValueLayout.JAVA_BYTE, 0, (int) there);
            assertEquals(end - start, pwrite(memory, start), "pwrite");
        }

        /** The file behind it. */
        public AnonFile file() {
            return file;
        }

        /** Completes a READ; 0 or a negated errno. */
        public int completeRead(int messageId) {
            return file.completeRead(messageId);
        }

        /** Closes the fd. */
        public void close() {
            if (!closed) {
                closed = true;
                file.close();
            }
        }
    }
}
