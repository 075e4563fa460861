// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.ForwardingBlobSource;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Hands on only bytes of a blob whose digest as a whole is right, where there are no digests of its chunks.
 *
 * <p>Nothing of such a blob can be trusted before all of it was seen. So the first read begins to read the blob from end to
 * end, in a thread of its own, and reads wait for it; one whose {@linkplain Deadline#current deadline} comes first fails with a
 * {@link TransientException} that says how far it is, and a later one finds the work done. On the way the digests
 * of its chunks are learned, and from then on each read is verified by those: so what is under this layer needs no
 * trust afterwards either, and may forget and fetch again. With a {@link LocalTier} under this layer each byte is fetched
 * once; without one, twice.
 *
 * <p>The digests of the chunks can be kept in a file, in a directory that is trusted; then the next start
 * reads nothing ahead.
 *
 * <p>If the digest is wrong, reads fail with {@link WrongBytesException}, and the blob is not read as a whole again for a
 * minute.
 */
public final class WholeDigestSource extends ForwardingBlobSource {
    private static final int SLOTS = 2;
    private static final long LOOK_AGAIN_NANOS = Duration.ofMinutes(1).toNanos();

    private final Digest digest;
    private final int chunkSize;
    private final @Nullable Path file;
    private final Ticker ticker;
    private final ChunkSlots slots;

    /** Set once, when the whole was found right. */
    private volatile @Nullable ChunkDigests learned;

    private final AtomicLong looked = new AtomicLong();
    private volatile boolean closed;

    /** The work under way, or what came of it. Guarded by this. */
    private @Nullable FutureTask<ChunkDigests> work;

    private @Nullable Thread worker;
    private long failedAt;

    /**
     * Wraps a source whose chunks' digests are not kept.
     *
     * @param source    the source, owned by this one from now on
     * @param digest    the digest of the whole blob
     * @param chunkSize bytes in the chunks that are verified afterwards, from 512 to
     *     {@value ChunkDigests#MAX_CHUNK_SIZE}, a multiple of 512
     * @throws IllegalArgumentException if the chunk size is not allowed
     */
    public WholeDigestSource(BlobSource source, Digest digest, int chunkSize) {
        this(source, digest, chunkSize, null, Ticker.system());
    }

    /**
     * Wraps a source.
     *
     * @param source    the source, owned by this one from now on
     * @param digest    the digest of the whole blob
     * @param chunkSize bytes in the chunks that are verified afterwards, from 512 to
     *     {@value ChunkDigests#MAX_CHUNK_SIZE}, a multiple of 512
     * @param directory where the chunks' digests are kept, in a file named after the blob's; trusted, and made if missing
     * @throws IllegalArgumentException if the chunk size is not allowed
     */
    public WholeDigestSource(BlobSource source, Digest digest, int chunkSize, Path directory) {
        this(
                source,
                digest,
                chunkSize,
                directory.resolve(digest.toString().replace(':', '-') + "-" + chunkSize + ".chunks"),
                Ticker.system());
    }

    WholeDigestSource(BlobSource source, Digest digest, int chunkSize, @Nullable Path file, Ticker ticker) {
        super(source);
        this.digest = Objects.requireNonNull(digest, "digest");
        this.chunkSize = ChunkDigests.checkChunkSize(chunkSize);
        this.file = file;
        this.ticker = ticker;
        this.slots = new ChunkSlots(chunkSize, SLOTS);
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        ChunkDigests digests = learned;
        if (digests == null) {
            digests = await(begin());
        }
        ChunkDigests known = digests;
        slots.read(offset, target, known.blobSize(), (at, chunks) -> {
            source().read(at, chunks);
            known.verify(at, chunks, source());
        });
    }

    private synchronized FutureTask<ChunkDigests> begin() throws IOException {
        FutureTask<ChunkDigests> current = work;
        if (current != null && !(isFailed(current) && ticker.nanoTime() - failedAt >= 0)) {
            return current;
        }
        if (closed) {
            throw new IOException(source() + " is closed");
        }
        looked.set(0);
        var next = new FutureTask<>(this::learn);
        work = next;
        worker = Thread.ofPlatform().daemon().name("verify " + digest).start(next);
        return next;
    }

    private static boolean isFailed(FutureTask<?> task) {
        return task.state() == FutureTask.State.FAILED;
    }

    private ChunkDigests await(FutureTask<ChunkDigests> task) throws IOException {
        try {
            return task.get(Math.max(0, Deadline.current().nanosLeft()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new TransientException(source() + " is still being verified as a whole: " + looked + " of "
                    + source().size() + " bytes; try again later, or use digests of its chunks");
        } catch (InterruptedException e) {
            throw Failures.interrupted("waiting for " + source() + " to be verified as a whole");
        } catch (ExecutionException e) {
            // Each reader gets an exception of its own: they are changed on their way up.
            Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
            String what = source() + " cannot be verified as a whole: " + cause.getMessage();
            throw cause instanceof WrongBytesException
                    ? new WrongBytesException(what, cause)
                    : new TransientException(what, cause);
        }
    }

    private ChunkDigests learn() throws IOException {
        try {
            ChunkDigests digests = kept();
            if (digests == null) {
                digests = computed();
                if (file != null) {
                    Files.createDirectories(Objects.requireNonNull(file.getParent()));
                    digests.write(file);
                }
            }
            learned = digests;
            return digests;
        } catch (WrongBytesException e) {
            failed(LOOK_AGAIN_NANOS);
            throw e;
        } catch (Throwable t) {
            failed(0);
            throw t;
        }
    }

    private synchronized void failed(long pause) {
        failedAt = ticker.nanoTime() + pause;
    }

    private @Nullable ChunkDigests kept() throws IOException {
        if (file == null) {
            return null;
        }
        try {
            ChunkDigests digests = ChunkDigests.read(file, digest.algorithm());
            return digests.chunkSize() == chunkSize && digests.blobSize() == source().size() ? digests : null;
        } catch (NoSuchFileException | WrongBytesException e) {
            return null; // computed, and written again
        }
    }

    private ChunkDigests computed() throws IOException {
        var learner = new ChunkDigests.Learner(digest.algorithm(), chunkSize, source().size());
        MessageDigest whole = digest.algorithm().newDigest();
        ChunkDigests.readAll(source(), chunkSize, chunk -> {
            if (closed) {
                throw new InterruptedIOException("closed");
            }
            whole.update(chunk.asByteBuffer());
            learner.add(chunk);
            looked.addAndGet(chunk.byteSize());
        });
        byte[] found = whole.digest();
        if (!digest.matches(found)) {
            throw new WrongBytesException(
                    "it has the digest " + new Digest(digest.algorithm(), found) + ", not " + digest);
        }
        return learner.finish();
    }

    @Override
    public Optional<MemorySegment> view(long offset, long length) {
        return Optional.empty();
    }

    /** Gives the digest: no other bytes come from here. */
    @Override
    public String identity() {
        return digest.toString();
    }

    @Override
    public long chunkSize() {
        return Math.max(chunkSize, source().chunkSize());
    }

    /** Ends the work that is under way, and waits for that. */
    @Override
    public void close() throws IOException {
        Thread thread;
        synchronized (this) {
            closed = true;
            thread = worker;
        }
        if (thread != null) {
            thread.interrupt();
            boolean interrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        super.close();
    }
}
