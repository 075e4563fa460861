// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/** Writes files that are whole or not there, whenever the power fails. */
final class AtomicFiles {

    /** What files that are being written end with; no other file does. */
    static final String UNFINISHED = ".unfinished";

    private static final AtomicLong COUNTER = new AtomicLong(System.nanoTime());

    private AtomicFiles() {}

    static void write(Path file, byte[] bytes) throws IOException {
        write(file, ByteBuffer.wrap(bytes));
    }

    /** Writes the buffers, one after the other. */
    static void write(Path file, ByteBuffer... buffers) throws IOException {
        write(file, false, buffers);
    }

    /** Writes the buffers, and returns when they are on the disk, under that name. */
    static void writeDurably(Path file, ByteBuffer... buffers) throws IOException {
        write(file, true, buffers);
        try (FileChannel directory =
                FileChannel.open(Objects.requireNonNull(file.getParent()), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    private static void write(Path file, boolean durably, ByteBuffer... buffers) throws IOException {
        Path unfinished = file.resolveSibling(
                file.getFileName() + "." + Long.toHexString(COUNTER.incrementAndGet()) + UNFINISHED);
        try {
            try (FileChannel channel =
                    FileChannel.open(unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                for (ByteBuffer buffer : buffers) {
                    while (buffer.hasRemaining()) {
                        channel.write(buffer);
                    }
                }
                if (durably) {
                    channel.force(true);
                }
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (Throwable t) {
            Files.deleteIfExists(unfinished);
            throw t;
        }
    }
}
