// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.chunk;

import dev.cachefiles.blob.Deadline;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Chunks that were used last, unpacked and checked. A chunk is loaded once, however many ask for it at a time.
 *
 * <p>A failure is told to all who wait for that chunk, and not kept: the next one tries again. Only if the one who loads
 * it gives up because no one waits for <em>its</em> bytes, another of those who wait takes over.
 *
 * <p>Safe for use by several threads.
 *
 * @param <K> what names a chunk
 */
public final class ChunkCache<K> {
    private final long capacity;
    private final Map<K, byte[]> chunks = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<K, CompletableFuture<byte[]>> loading = new HashMap<>();
    private long bytes;

    /** Loads a chunk. */
    @FunctionalInterface
    public interface Loader {

        /**
         * Loads it.
         *
         * @return the bytes, unpacked and checked, owned by the cache from then on
         * @throws IOException if that fails
         */
        byte[] load() throws IOException;
    }

    /**
     * Makes a cache.
     *
     * @param capacity most bytes that are kept; what is larger than that is handed out and not kept
     */
    public ChunkCache(long capacity) {
        this.capacity = capacity;
    }

    /**
     * Gives a chunk. Waits for the one who loads it at the time, at most until the {@linkplain Deadline#current deadline}.
     *
     * @param key    names the chunk
     * @param loader loads it; called in this thread, if at all
     * @return the bytes, which must not be changed
     * @throws InterruptedIOException if the thread was interrupted or the deadline has passed
     * @throws IOException            if the chunk could not be loaded
     */
    public byte[] get(K key, Loader loader) throws IOException {
        while (true) {
            Deadline.current().check();
            var mine = new CompletableFuture<byte[]>();
            CompletableFuture<byte[]> other;
            synchronized (this) {
                byte[] chunk = chunks.get(key);
                if (chunk != null) {
                    return chunk;
                }
                other = loading.putIfAbsent(key, mine);
            }
            if (other == null) {
                return load(key, loader, mine);
            }
            byte[] chunk = await(other);
            if (chunk != null) {
                return chunk;
            }
        }
    }

    private byte[] load(K key, Loader loader, CompletableFuture<byte[]> mine) throws IOException {
        try {
            byte[] chunk = loader.load();
            synchronized (this) {
                loading.remove(key);
                keep(key, chunk);
            }
            mine.complete(chunk);
            return chunk;
        } catch (Throwable t) {
            synchronized (this) {
                loading.remove(key);
            }
            mine.completeExceptionally(t);
            throw t;
        }
    }

    private void keep(K key, byte[] chunk) {
        if (chunk.length > capacity) {
            return;
        }
        chunks.put(key, chunk);
        bytes += chunk.length;
        Iterator<byte[]> eldest = chunks.values().iterator();
        while (bytes > capacity) {
            bytes -= eldest.next().length;
            eldest.remove();
        }
    }

    /** Returns null if the one who has loaded it gave up for a reason of its own. */
    private static byte @Nullable [] await(CompletableFuture<byte[]> other) throws IOException {
        try {
            return other.get(Deadline.current().nanosLeft(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted("interrupted while another request loads the chunk", e);
        } catch (TimeoutException e) {
            throw interrupted("the deadline has passed while another request loads the chunk", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof InterruptedIOException || cause instanceof ClosedByInterruptException) {
                return null;
            }
            if (cause instanceof IOException failure) {
                throw failure;
            }
            throw new IOException("a chunk cannot be loaded: " + cause, cause);
        }
    }

    private static InterruptedIOException interrupted(String message, Exception cause) {
        var exception = new InterruptedIOException(message);
        exception.initCause(cause);
        return exception;
    }
}
