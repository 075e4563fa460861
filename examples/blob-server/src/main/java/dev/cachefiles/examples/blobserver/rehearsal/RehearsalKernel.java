// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.rehearsal;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.protocol.MessageEncoder;
import dev.cachefiles.spi.AnonFile;
import dev.cachefiles.spi.CacheFiles;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A kernel that opens one object, asks for all of it and lets it go. The system calls are real, on plain files in place of
 * the device and of the object's file, so that all that they take is loaded and linked.
 */
final class RehearsalKernel implements CachefilesProvider {
    private static final int OBJECT = 1;
    private static final int UNIT = 4096;
    private static final Path OPEN_FILES = Path.of("/proc/self/fd");

    private final CachefilesProvider real =
            ServiceLoader.load(CachefilesProvider.class).findFirst().orElseThrow();
    private final String blob;
    private final Path file;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    /**
     * Makes one.
     *
     * @param blob the image's name
     * @param file where the object's bytes come; must not exist
     */
    RehearsalKernel(String blob, Path file) {
        this.blob = blob;
        this.file = file;
    }

    /** Completes when the object has been let go. */
    CompletableFuture<Void> done() {
        return done;
    }

    @Override
    public DeviceFile open(Path device) throws IOException {
        return new Device(real.open(device));
    }

    @Override
    public long raiseFileLimit() {
        return real.raiseFileLimit();
    }

    @Override
    public long raiseFileSizeLimit() {
        return real.raiseFileSizeLimit();
    }

    @Override
    public CacheFiles files() {
        return real.files();
    }

    @Override
    public void prepare() {
        real.prepare();
    }

    /** Opens the object's file; the device's end will close the fd by its number. */
    private int openObject() throws IOException {
        var opened = new RandomAccessFile(file.toFile(), "rw");
        try (Stream<Path> fds = Files.list(OPEN_FILES)) {
            for (Path fd : (Iterable<Path>) fds::iterator) {
                if (Files.exists(fd) && Files.isSameFile(fd, file)) {
                    return Integer.parseInt(fd.getFileName().toString());
                }
            }
        }
        opened.close();
        throw new IOException(OPEN_FILES + " does not show " + file);
    }

    private final class Device implements DeviceFile {
        private final DeviceFile real;
        private final Queue<Message> messages = new ArrayDeque<>();
        private int size;
        private int asked;

        private Device(DeviceFile real) {
            this.real = real;
        }

        @Override
        public int read(MemorySegment buffer) {
            int length = real.read(buffer);
            Message next = next();
            if (next == null) {
                return length;
            }
            byte[] bytes = MessageEncoder.encode(next);
            MemorySegment.copy(bytes, 0, buffer, ValueLayout.JAVA_BYTE, 0, bytes.length);
            if (next instanceof Message.Close) {
                done.complete(null);
            }
            return bytes.length;
        }

        private synchronized @Nullable Message next() {
            return messages.poll();
        }

        private synchronized void send(Message message) {
            messages.add(message);
            notifyAll();
        }

        @Override
        public int write(MemorySegment command) {
            String text = new String(command.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
            int written = real.write(command);
            try {
                if (text.startsWith("bind")) {
                    var volume = VolumeKey.of("erofs," + blob);
                    send(new Message.Open(0, OBJECT, openObject(), 0, volume, CookieKey.of(blob)));
                } else if (text.startsWith("copen ")) {
                    size = Integer.parseInt(text.substring(text.indexOf(',') + 1));
                    if (size < 0) {
                        throw new IOException("the daemon has refused the image: " + text);
                    }
                    ask();
                }
            } catch (IOException e) {
                done.completeExceptionally(e);
            }
            return written;
        }

        /** Asks for what is missing next, and lets the object go when nothing is. */
        private void ask() {
            long position = file.toFile().length();
            send(
                    position < size
                            ? new Message.Read(++asked, OBJECT, position, UNIT)
                            : new Message.Close(++asked, OBJECT));
        }

        @Override
        public int await(long timeoutNanos) {
            int found = real.await(0) & WOKEN; // a plain file is always readable
            synchronized (this) {
                try {
                    if (found == 0 && messages.isEmpty()) {
                        TimeUnit.NANOSECONDS.timedWait(this, timeoutNanos < 0 ? Long.MAX_VALUE : timeoutNanos);
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return messages.isEmpty() ? real.await(0) & WOKEN : READABLE;
            }
        }

        @Override
        public synchronized void wake() {
            real.wake();
            notifyAll();
        }

        @Override
        public void clearWake() {
            real.clearWake();
        }

        @Override
        public AnonFile adopt(int fd) {
            return new ObjectFile(real.adopt(fd), this);
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

    /** A plain file knows no READ_COMPLETE; the call is made for what it loads. */
    private record ObjectFile(AnonFile real, Device device) implements AnonFile {

        @Override
        public long pwrite(MemorySegment source, long position) {
            return real.pwrite(source, position);
        }

        @Override
        public long seekData(long position) {
            return real.seekData(position);
        }

        @Override
        public long seekHole(long position) {
            return real.seekHole(position);
        }

        @Override
        public long size() {
            return real.size();
        }

        @Override
        public int completeRead(int messageId) {
            int ignored = real.completeRead(messageId);
            device.ask();
            return 0;
        }

        @Override
        public void close() {
            real.close();
        }
    }
}
