// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.casync;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * A blob that is made of the chunks of a store.
 *
 * <p>Chunks of a store that is far away are asked for ahead of the one whose turn it is, a few at a time.
 *
 * <p>Safe for use by several threads.
 */
final class CasyncSource implements BlobSource {
    private static final int AT_A_TIME = 8;

    private final ChunkIndex index;
    private final ChunkStore store;
    private final String identity;

    /**
     * Makes a source.
     *
     * @param index    which chunks
     * @param store    where they are
     * @param identity names the index for all time
     */
    CasyncSource(ChunkIndex index, ChunkStore store, String identity) {
        this.index = index;
        this.store = store;
        this.identity = identity;
    }

    @Override
    public long size() {
        return index.size();
    }

    @Override
    public String identity() {
        return identity;
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        if (target.byteSize() == 0) {
            return;
        }
        int first = index.find(offset);
        int last = index.find(offset + target.byteSize() - 1);
        if (first == last || !store.isRemote()) {
            for (int chunk = first; chunk <= last; chunk++) {
                copy(chunk, load(chunk), offset, target);
            }
        } else {
            readAhead(first, last, offset, target);
        }
    }

    private byte[] load(int chunk) throws IOException {
        return store.chunk(index.id(chunk), index.digest(), index.length(chunk));
    }

    private void readAhead(int first, int last, long offset, MemorySegment target) throws IOException {
        Deadline deadline = Deadline.current();
        var ahead = new ArrayDeque<FutureTask<byte[]>>();
        try {
            int next = first;
            for (int chunk = first; chunk <= last; chunk++) {
                while (next <= last && ahead.size() < AT_A_TIME) {
                    ahead.add(start(next++, deadline));
                }
                copy(chunk, await(ahead.remove()), offset, target);
            }
        } finally {
            ahead.forEach(task -> task.cancel(true));
        }
    }

    private FutureTask<byte[]> start(int chunk, Deadline deadline) {
        var task = new FutureTask<>(() -> {
            byte[][] loaded = new byte[1][];
            Deadline.during(deadline, () -> loaded[0] = load(chunk));
            return loaded[0];
        });
        Thread.ofVirtual().name("chunk-", chunk).start(task);
        return task;
    }

    private static byte[] await(FutureTask<byte[]> task) throws IOException {
        try {
            return task.get();
        } catch (InterruptedException e) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            var interrupted = new InterruptedIOException("interrupted: no one waits for these bytes any more");
            interrupted.initCause(e);
            throw interrupted;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IOException("a chunk cannot be loaded: " + e.getCause(), e.getCause());
        }
    }

    /** Copies the part of a chunk that lies in what was asked for. */
    private void copy(int chunk, byte[] bytes, long offset, MemorySegment target) {
        long start = index.start(chunk);
        long from = Math.max(start, offset);
        long to = Math.min(start + bytes.length, offset + target.byteSize());
        MemorySegment.copy(
                bytes, (int) (from - start), target, ValueLayout.JAVA_BYTE, from - offset, (int) (to - from));
    }
}
