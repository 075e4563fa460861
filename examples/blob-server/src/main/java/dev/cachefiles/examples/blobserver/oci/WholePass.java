// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.blob.layer.ChunkDigests;
import dev.cachefiles.blob.layer.DigestAlgorithm;
import dev.cachefiles.blob.layer.VerifyingSource;
import dev.cachefiles.examples.blobserver.support.Failures;
import dev.cachefiles.examples.blobserver.support.Sha256;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Makes the digests of chunks for a blob of which only the digest of the whole is known: reads it all once, in a thread of
 * its own, and keeps nothing but the digests, which count when that of the whole is right.
 *
 * <p>A pass that fails is gone on with where it failed, when the digests are wanted next. Safe for use by several threads.
 */
final class WholePass implements VerifyingSource.Digests {
    /** A multiple of any size of chunks that is used here. */
    private static final int SLICE = 4 << 20;

    private final BlobSource source;
    private final String digest;
    private final int chunkSize;

    private @Nullable Progress progress;
    private @Nullable CompletableFuture<ChunkDigests> pass;
    private volatile boolean stopped;

    WholePass(BlobSource source, String digest, int chunkSize) {
        this.source = source;
        this.digest = digest;
        this.chunkSize = chunkSize;
    }

    /** What has been seen, from the beginning on. */
    private static final class Progress {
        final MessageDigest whole = Sha256.start();
        final ChunkDigests.Learner chunks;
        long done;

        Progress(int chunkSize, long size) throws IOException {
            chunks = new ChunkDigests.Learner(DigestAlgorithm.SHA_256, chunkSize, size);
        }
    }

    @Override
    public ChunkDigests get() throws IOException {
        Deadline deadline = Deadline.current();
        deadline.check();
        CompletableFuture<ChunkDigests> current = start();
        try {
            return current.get(deadline.nanosLeft(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + digest + " was read for its digest");
        } catch (TimeoutException e) {
            throw new InterruptedIOException("the deadline has passed while " + digest
                    + " was read for its digest, which goes on; push it with chunk digests to avoid that");
        } catch (ExecutionException e) {
            // An exception of its own for each who waits: layers add to what they catch.
            Throwable cause = e.getCause() == null ? e : e.getCause();
            String message = Failures.describe(cause);
            throw switch (cause) {
                case WrongBytesException wrong -> new WrongBytesException(message, wrong);
                case TransientException again ->
                    again.retryAfter().isPresent()
                            ? new TransientException(message, again.retryAfter().get())
                            : new TransientException(message, again);
                case IOException other -> new PermanentException(message, other);
                default -> new PermanentException(String.valueOf(cause), cause);
            };
        }
    }

    private synchronized CompletableFuture<ChunkDigests> start() {
        CompletableFuture<ChunkDigests> current = pass;
        if (current == null || current.isCompletedExceptionally()) {
            var made = new CompletableFuture<ChunkDigests>();
            Thread.ofVirtual().name("digest of " + digest).start(() -> run(made));
            pass = made;
            return made;
        }
        return current;
    }

    private void run(CompletableFuture<ChunkDigests> result) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(SLICE, 64);
            long size = source.size();
            Progress current = progress;
            if (current == null) {
                current = new Progress(chunkSize, size);
                progress = current;
            }
            while (current.done < size) {
                if (stopped) {
                    throw new IOException("the source is closed");
                }
                MemorySegment slice = buffer.asSlice(0, Math.min(SLICE, size - current.done));
                source.read(current.done, slice);
                current.whole.update(slice.asByteBuffer());
                current.chunks.add(slice);
                current.done += slice.byteSize();
            }
            progress = null;
            String found = Sha256.text(current.whole.digest());
            if (!found.equals(digest)) {
                throw new WrongBytesException(
                        digest + ": the registry has sent wrong bytes: the digest of the whole is " + found);
            }
            result.complete(current.chunks.finish());
        } catch (Throwable t) {
            result.completeExceptionally(t);
        }
    }

    /** Ends a pass that is under way. Does not wait. */
    void stop() {
        stopped = true;
    }
}
