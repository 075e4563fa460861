// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.AnonFd;
import dev.cachefiles.CacheObject;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.examples.blobserver.support.NotMounted;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Puts all bytes of a blob into the cache that are not there yet. What is there is found out from the cache itself, so
 * that one that was interrupted goes on where it was.
 *
 * <p>Misses go on beside it; a range that both fetch is written twice with the same bytes.
 */
final class Fill {
    private static final long PAGE = 4096;
    private static final long USUAL_WINDOW = 2 << 20;
    private static final int WORKERS = 4;
    private static final int LOOKS_FOR_THE_FILE = 500;

    private final CacheObject object;
    private final BlobSource source;
    private final long size;
    private final long window;
    private final Progress progress;
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong done = new AtomicLong();
    private final AtomicBoolean failed = new AtomicBoolean();

    /** Is told of each step. Called by several threads, one at a time. */
    @FunctionalInterface
    interface Progress {
        void at(long done, long total) throws IOException;
    }

    Fill(CacheObject object, BlobSource source, Progress progress) throws IOException {
        this.object = object;
        this.source = source;
        this.size = source.size();
        this.progress = progress;
        long chunk = Math.max(PAGE, source.chunkSize());
        long largest = Math.max(chunk, Math.min(USUAL_WINDOW, source.largestFill()));
        this.window = chunk > largest ? chunk : largest - largest % chunk;
    }

    /** Fills; returns how many bytes were missing. */
    long run() throws IOException, InterruptedException {
        awaitFile();
        var fetched = new AtomicLong();
        try (var workers = Executors.newFixedThreadPool(
                Math.clamp(size / window, 1, WORKERS),
                Thread.ofPlatform().daemon().name("fill-", 0).factory())) {
            var results = new ArrayList<Future<?>>();
            for (int i = 0; i < WORKERS; i++) {
                results.add(workers.submit(() -> {
                    work(fetched);
                    return null;
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ClosedChannelException) {
                throw unmounted();
            }
            throw e.getCause() instanceof IOException cause
                    ? new IOException(cause.getMessage(), cause)
                    : new IOException(e.getCause());
        }
        return fetched.get();
    }

    /** Of a mount that is under way the kernel may have the answer to its OPEN, and not yet have put the file in place. */
    private void awaitFile() throws IOException {
        for (int i = 0; i < LOOKS_FOR_THE_FILE; i++) {
            try {
                object.fd().fileSize();
                return;
            } catch (ClosedChannelException e) {
                throw unmounted();
            } catch (CachefilesException e) {
                if (!e.errno().equals(Errno.ENOBUFS)) {
                    throw e;
                }
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    private static NotMounted unmounted() {
        return new NotMounted("the image was unmounted before all of it was there");
    }

    private void work(AtomicLong fetched) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Math.min(window, roundUp(Math.max(size, 1))), PAGE);
            for (long start = next.getAndAdd(window); start < size && !failed.get(); start = next.getAndAdd(window)) {
                long end = Math.min(start + window, size);
                fetched.addAndGet(fillHoles(buffer, start, end));
                synchronized (progress) {
                    progress.at(done.addAndGet(end - start), size);
                }
            }
        } catch (Throwable t) {
            failed.set(true);
            throw t;
        }
    }

    private long fillHoles(MemorySegment buffer, long start, long end) throws IOException {
        AnonFd fd = object.fd();
        long fetched = 0;
        long at = start;
        while (at < end) {
            long hole = orElse(fd.nextHole(at), end);
            if (hole >= end) {
                break;
            }
            long data = Math.min(orElse(fd.nextData(hole), end), end);
            MemorySegment part = buffer.asSlice(0, data - hole);
            source.read(hole, part);
            fd.write(part, hole);
            fetched += data - hole;
            at = data;
        }
        return fetched;
    }

    private static long orElse(OptionalLong position, long otherwise) {
        return position.isPresent() ? position.getAsLong() : otherwise;
    }

    private static long roundUp(long bytes) {
        return (bytes + PAGE - 1) / PAGE * PAGE;
    }
}
