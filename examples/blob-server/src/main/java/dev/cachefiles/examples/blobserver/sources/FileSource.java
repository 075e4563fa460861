// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.sources;

import dev.cachefiles.blob.BlobSource;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a regular file, mapped into memory, so that the kernel copies them from there without a detour.
 *
 * <p>A file must not change while it is served. One that becomes longer or shorter fails all READs from then on, at the
 * latest a millisecond later; a change that leaves the size as it is goes unnoticed.
 *
 * <p>Safe for use by several threads.
 */
public final class FileSource implements BlobSource {

    /**
     * Only whole pages are handed out as mapped memory: those, none but the kernel touches, and it reports EFAULT where
     * the file has lost its end. Java code that touched them would be hit by SIGBUS.
     */
    private static final int PAGE = 4096;

    /** The size is not looked at more often: to ask for it takes longer than all else that is done here for a READ. */
    private static final long LOOK_NANOS = 1_000_000;

    private final Path file;
    private final @Nullable Object fileKey;
    private final FileTime modified;
    private final long size;
    private final @Nullable Mapping mapping;

    /** Closed by the interrupt of a thread that reads from it, as one is whose request has missed its deadline. */
    private volatile FileChannel channel;

    private volatile boolean closed;

    /** When the size was looked at last. Of any thread: one too many looks, or at a time that is a bit off, do no harm. */
    private volatile long lookedAt = System.nanoTime() - LOOK_NANOS;

    private record Mapping(Arena arena, MemorySegment memory) {}

    private FileSource(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        BasicFileAttributes attributes = attributes(file);
        this.fileKey = attributes.fileKey();
        this.modified = attributes.lastModifiedTime();
        this.size = channel.size();
        this.mapping = size < PAGE ? null : map(channel, size);
    }

    /**
     * Opens a file.
     *
     * @param file a regular file, which is not looked at here: to open a FIFO would block. Its last part must not be a
     *     symbolic link
     * @return the source
     * @throws IOException if the file cannot be opened
     */
    public static FileSource open(Path file) throws IOException {
        FileChannel channel = channel(file);
        try {
            return new FileSource(file, channel);
        } catch (Throwable t) {
            channel.close();
            throw t;
        }
    }

    private static FileChannel channel(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    }

    private static BasicFileAttributes attributes(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    /** The channel, opened again if an interrupt has closed it. */
    private FileChannel channel() throws IOException {
        FileChannel current = channel;
        return current.isOpen() || closed ? current : channelAgain();
    }

    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    private synchronized FileChannel channelAgain() throws IOException {
        if (!channel.isOpen() && !closed) {
            if (!Objects.equals(fileKey, attributes(file).fileKey())) {
                throw new IOException(file + " is another file than the one that was opened; put a changed file under a"
                        + " new name");
            }
            channel = channel(file);
        }
        return channel;
    }

    /** Returns null where the file system or the address space does not allow a mapping; reading still works. */
    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    private static @Nullable Mapping map(FileChannel channel, long size) {
        Arena arena = Arena.ofShared();
        try {
            return new Mapping(arena, channel.map(MapMode.READ_ONLY, 0, size, arena));
        } catch (IOException | UnsupportedOperationException e) {
            arena.close();
            return null;
        }
    }

    @Override
    public long size() {
        return size;
    }

    /** The place, the time of the last change and the size: a copy of the file elsewhere is another one. */
    @Override
    public String identity() {
        return file.toUri() + " modified " + modified + " size " + size;
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) throws IOException {
        checkUnchanged();
        if (mapping == null || offset % PAGE != 0 || length % PAGE != 0) {
            return Optional.empty();
        }
        return Optional.of(mapping.memory().asSlice(offset, length));
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        checkUnchanged();
        ByteBuffer buffer = target.asByteBuffer();
        FileChannel current = channel();
        while (buffer.hasRemaining()) {
            if (current.read(buffer, offset + buffer.position()) < 0) {
                throw new EOFException(file + " ends before byte " + (offset + target.byteSize()));
            }
        }
    }

    private void checkUnchanged() throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        long now = System.nanoTime();
        if (now - lookedAt < LOOK_NANOS) {
            return;
        }
        long found = channel().size();
        if (found != size) {
            throw new IOException(file + " had " + size + " bytes when it was opened, and has " + found
                    + " now; put a changed file under a new name");
        }
        lookedAt = now;
    }

    @Override
    public String toString() {
        return file.toString();
    }

    @Override
    public synchronized void close() throws IOException {
        if (!closed) {
            closed = true;
            channel.close();
            if (mapping != null) {
                unmap(mapping);
            }
        }
    }

    private void unmap(Mapping mapping) throws IOException {
        try {
            mapping.arena().close();
        } catch (IllegalStateException e) {
            // A handler that the server has given up waiting for is still writing from it.
            throw new IOException(file + " stays mapped: " + e.getMessage(), e);
        }
    }
}
