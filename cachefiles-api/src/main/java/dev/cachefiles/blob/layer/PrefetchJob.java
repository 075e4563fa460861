// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.Prefetch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One blob of a {@link Prefetcher}: what of it comes next, and who is at it.
 *
 * <p>The plan is used by the thread that has the job, only; jobs go from thread to thread through the prefetcher's lock.
 */
final class PrefetchJob implements Prefetch.Job {
    private final Prefetcher prefetcher;
    private final BlobKey key;
    private final Prefetch.Sink sink;
    private final int piece;

    /** The recorded ranges, and then the whole blob if that is wanted. */
    private final List<AccessList.Range> plan;

    private final int recorded;
    private final long total;

    private int index;
    private long position;
    private long done;
    private int failures;
    private long notBefore;

    /** The thread that works for it now. Guarded by this. */
    private @Nullable Thread runner;

    private volatile boolean closed;

    PrefetchJob(
            Prefetcher prefetcher,
            BlobKey key,
            Prefetch.Sink sink,
            long size,
            int piece,
            List<AccessList.Range> ranges,
            boolean whole) {
        this.prefetcher = prefetcher;
        this.key = key;
        this.sink = sink;
        this.piece = piece;
        this.plan = new ArrayList<>();
        for (AccessList.Range range : ranges) {
            if (range.offset() < size) {
                plan.add(new AccessList.Range(range.offset(), Math.min(range.length(), size - range.offset())));
            }
        }
        this.recorded = plan.size();
        this.total =
                whole ? size : plan.stream().mapToLong(AccessList.Range::length).sum();
        if (whole && size > 0) {
            plan.add(new AccessList.Range(0, size));
        }
        enterRange();
    }

    private void enterRange() {
        position = isFinished() ? 0 : plan.get(index).offset();
    }

    BlobKey key() {
        return key;
    }

    Prefetch.Sink sink() {
        return sink;
    }

    /** Whether the next piece is of the recorded ranges, which go before whole blobs. */
    boolean isRecorded() {
        return index < recorded;
    }

    boolean isFinished() {
        return index >= plan.size();
    }

    boolean isClosed() {
        return closed;
    }

    long total() {
        return total;
    }

    /** Bytes that are done; those in a recorded range count once, not again with the whole blob. */
    long done() {
        return Math.min(isFinished() ? total : done, total);
    }

    long nextOffset() {
        return position;
    }

    /** Up to the next multiple of a piece, so that pieces are aligned wherever a range starts. */
    long nextLength() {
        return Math.min(plan.get(index).end() - position, piece - position % piece);
    }

    /** The next piece is there. */
    void advance() {
        long length = nextLength();
        position += length;
        done = isRecorded() ? done + length : Math.max(done, position);
        failures = 0;
        if (position >= plan.get(index).end()) {
            index++;
            enterRange();
        }
    }

    /** The next piece could not be had; gives the number of failures in a row. */
    int failed() {
        return ++failures;
    }

    /** Sets when the next attempt may be made. */
    void notBefore(long time) {
        notBefore = time;
    }

    /** Time until the next attempt may be made. */
    long nanosToWait(long now) {
        return failures == 0 ? 0 : notBefore - now;
    }

    /** The current thread begins to work for it; false if it is closed. */
    synchronized boolean enter() {
        if (closed) {
            return false;
        }
        runner = Thread.currentThread();
        return true;
    }

    /** The current thread has ended to. An interrupt of {@link #close} does not outlast this. */
    synchronized void leave() {
        runner = null;
        Thread.interrupted();
        notifyAll();
    }

    @Override
    public void close() {
        boolean interrupted = false;
        synchronized (this) {
            closed = true;
            Thread thread = runner;
            if (thread != null && thread != Thread.currentThread()) {
                thread.interrupt();
                while (runner != null) {
                    try {
                        wait();
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                }
            }
        }
        prefetcher.forget(this);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
