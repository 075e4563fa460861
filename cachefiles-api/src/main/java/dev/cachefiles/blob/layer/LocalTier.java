// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;

/**
 * Keeps fetched chunks in a directory on this machine, for all blobs, beyond restarts and beyond the cache of the kernel.
 *
 * <p>A blob is known there by its {@link BlobSource#identity}, of which only a digest becomes a file name: whatever it
 * holds, it leads nowhere else. Sources without an identity are not kept. Each chunk is a file that appears when it
 * is whole, with a digest that is checked whenever it is read: a chunk that has changed is deleted and fetched again. When
 * the directory holds more than it may, the chunks that were used least recently go; after a restart, those that were
 * fetched first. Where a chunk cannot be written, say for want of room, it is served all the same.
 *
 * <p>The digest guards against a failing disk, not against people: who may write to the directory may change what is
 * served. Put a {@link VerifyingSource} over this layer where that matters.
 *
 * <p>One process at a time uses a directory. Safe for use by several threads, which block on its file system.
 */
public final class LocalTier implements BlobLayer, Closeable {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.blob");
    private static final Pattern CHUNK = Pattern.compile("[0-9a-f]{1,16}");
    private static final Pattern BLOB = Pattern.compile("[0-9a-f]{64}-[0-9]{3,8}");
    private static final int DIGEST_LENGTH = 32;

    private final Path directory;
    private final int chunkSize;
    private final FileChannel lockFile;
    private final LeastRecentlyUsed index;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder damaged = new LongAdder();
    private final AtomicLong notKept = new AtomicLong();

    /**
     * What was counted since it was opened.
     *
     * @param hits    chunks that were found in the directory
     * @param misses  chunks that had to be fetched
     * @param damaged chunks that were found there, but changed, and had to be fetched
     * @param notKept chunks that could not be written
     * @param bytes   bytes that the directory holds now
     */
    public record Snapshot(long hits, long misses, long damaged, long notKept, long bytes) {}

    private LocalTier(Path directory, long maxBytes, int chunkSize, FileChannel lockFile) throws IOException {
        this.directory = directory;
        this.chunkSize = chunkSize;
        this.lockFile = lockFile;
        this.index = new LeastRecentlyUsed(maxBytes, LocalTier::delete);
        scan();
    }

    /**
     * Opens a directory.
     *
     * @param directory the directory, made if missing; nothing else may be kept in it
     * @param maxBytes  bytes that it may hold, at least one chunk; more is deleted at once
     * @param chunkSize bytes in a chunk, from 512 to {@value ChunkDigests#MAX_CHUNK_SIZE}, a multiple of 512
     * @return the tier
     * @throws IllegalArgumentException if a number is out of range
     * @throws IOException              if the directory cannot be made or read, or is in use
     */
    public static LocalTier open(Path directory, long maxBytes, int chunkSize) throws IOException {
        ChunkDigests.checkChunkSize(chunkSize);
        if (maxBytes < chunkSize + DIGEST_LENGTH) {
            throw new IllegalArgumentException(maxBytes + " bytes are less than a chunk of " + chunkSize);
        }
        Files.createDirectories(directory);
        FileChannel lockFile =
                FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            lock(lockFile, directory);
            return new LocalTier(directory, maxBytes, chunkSize, lockFile);
        } catch (Throwable t) {
            lockFile.close();
            throw t;
        }
    }

    private static void lock(FileChannel lockFile, Path directory) throws IOException {
        try {
            FileLock lock = lockFile.tryLock();
            if (lock != null) {
                return; // held until the file is closed
            }
        } catch (OverlappingFileLockException e) {
            // by this process
        }
        throw new IOException(directory + " is in use; give each process a directory of its own");
    }

    @Override
    public BlobSource over(BlobSource source, BlobKey key) throws IOException {
        return over(source);
    }

    /**
     * Wraps a source.
     *
     * @param source the source
     * @return a source that looks in the directory first; {@code source} itself if it has no identity
     * @throws IOException if the identity or the size cannot be found out, or a directory cannot be made
     */
    public BlobSource over(BlobSource source) throws IOException {
        String identity = source.identity();
        if (identity.isEmpty()) {
            LOG.log(System.Logger.Level.DEBUG, "{0} has no identity, and is not kept in {1}", source, directory);
            return source;
        }
        byte[] name = DigestAlgorithm.SHA_256.newDigest().digest(identity.getBytes(StandardCharsets.UTF_8));
        String hex = HexFormat.of().formatHex(name);
        Path blob = directory.resolve(hex.substring(0, 2)).resolve(hex + "-" + chunkSize);
        Files.createDirectories(blob);
        return new LocalTierSource(source, this, blob, source.size());
    }

    /**
     * Gives what was counted.
     *
     * @return the counts, each right, not necessarily of the same moment
     */
    public Snapshot snapshot() {
        return new Snapshot(hits.sum(), misses.sum(), damaged.sum(), notKept.get(), index.total());
    }

    int chunkSize() {
        return chunkSize;
    }

    /** Reads a chunk; false if it is not there, or not as it was written. */
    boolean load(Path blob, long offset, MemorySegment chunk) throws IOException {
        Path file = file(blob, offset);
        if (!index.use(file)) {
            misses.increment();
            return false;
        }
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer data = chunk.asByteBuffer();
            ByteBuffer digest = ByteBuffer.allocate(DIGEST_LENGTH);
            boolean whole = channel.size() == chunk.byteSize() + DIGEST_LENGTH
                    && readFully(channel, data, 0)
                    && readFully(channel, digest, chunk.byteSize());
            if (whole && MessageDigest.isEqual(digest.array(), digest(blob, offset, chunk))) {
                hits.increment();
                return true;
            }
            damaged.increment();
            LOG.log(System.Logger.Level.WARNING, "{0} has changed on disk; it is fetched again", file);
        } catch (NoSuchFileException e) {
            misses.increment();
        } catch (ClosedByInterruptException e) {
            throw e; // no one waits any more; the chunk is as good as before
        } catch (IOException e) {
            damaged.increment();
            LOG.log(System.Logger.Level.WARNING, "{0} cannot be read; it is fetched again: {1}", file, e);
        }
        index.remove(file);
        return false;
    }

    private static boolean readFully(FileChannel channel, ByteBuffer target, long position) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int count = channel.read(target, at);
            if (count < 0) {
                return false;
            }
            at += count;
        }
        return true;
    }

    /** Keeps a chunk if that works. */
    void store(Path blob, long offset, MemorySegment chunk) {
        Path file = file(blob, offset);
        try {
            index.makeRoom(chunk.byteSize() + DIGEST_LENGTH);
            AtomicFiles.write(file, chunk.asByteBuffer(), ByteBuffer.wrap(digest(blob, offset, chunk)));
            index.add(file, chunk.byteSize() + DIGEST_LENGTH);
        } catch (IOException e) {
            long count = notKept.incrementAndGet();
            if (Long.bitCount(count) == 1) { // a disk that is full would be logged with each chunk
                LOG.log(
                        System.Logger.Level.WARNING,
                        "{0} cannot be kept; chunks that could not be: {1}: {2}",
                        file,
                        count,
                        e);
            }
        }
    }

    private Path file(Path blob, long offset) {
        return blob.resolve(Long.toHexString(offset / chunkSize));
    }

    /** Of the bytes and of their place, so that a file that was moved or renamed is no other chunk. */
    private static byte[] digest(Path blob, long offset, MemorySegment chunk) {
        MessageDigest digest = DigestAlgorithm.SHA_256.newDigest();
        digest.update((blob.getFileName() + "@" + offset + "\n").getBytes(StandardCharsets.US_ASCII));
        digest.update(chunk.asByteBuffer());
        return digest.digest();
    }

    /** Finds what an earlier process has kept, oldest first, and deletes what it had not finished. */
    private void scan() throws IOException {
        record Found(Path file, long bytes, long time) {}
        List<Found> found = new ArrayList<>();
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String name = String.valueOf(file.getFileName());
                Path blob = file.getParent();
                if (blob == null
                        || !attributes.isRegularFile()
                        || !BLOB.matcher(String.valueOf(blob.getFileName())).matches()) {
                    return FileVisitResult.CONTINUE;
                }
                if (name.endsWith(AtomicFiles.UNFINISHED)) {
                    Files.deleteIfExists(file);
                } else if (CHUNK.matcher(name).matches()) {
                    found.add(new Found(
                            file,
                            attributes.size(),
                            attributes.lastModifiedTime().toMillis()));
                }
                return FileVisitResult.CONTINUE;
            }
        });
        found.sort(Comparator.comparingLong(Found::time));
        found.forEach(each -> index.add(each.file, each.bytes));
        index.makeRoom(0);
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "{0} cannot be deleted: {1}", file, e);
        }
    }

    /** Lets the directory go; what it holds stays. To be called after the sources were closed. */
    @Override
    public void close() throws IOException {
        lockFile.close();
    }
}
