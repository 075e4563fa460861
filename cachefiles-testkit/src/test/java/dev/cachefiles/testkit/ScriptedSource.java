// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.blob.BlobSource;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongPredicate;

/** A source of random bytes that fetches on a clock of its own, fails and stalls as it is told, and keeps a record. */
final class ScriptedSource implements BlobSource {
    final byte[] bytes;

    /** What was fetched, in the order in which that began. */
    final List<Range> fetches = new CopyOnWriteArrayList<>();

    /** The time, by which fetches are measured; moved by them alone. */
    final AtomicLong clock = new AtomicLong();

    volatile long latencyNanos;
    volatile double nanosPerByte;
    volatile LongPredicate failing = offset -> false;
    volatile LongPredicate stalling = offset -> false;
    volatile long largestFill = Long.MAX_VALUE;
    volatile long chunkSize;
    volatile boolean closed;
    private final CountDownLatch goOn = new CountDownLatch(1);

    record Range(long start, long length) {
        long end() {
            return start + length;
        }
    }

    ScriptedSource(int size) {
        bytes = new byte[size];
        new Random(7).nextBytes(bytes);
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public long largestFill() {
        return largestFill;
    }

    @Override
    public long chunkSize() {
        return chunkSize;
    }

    /** As a remote source: 20 ms for each fetch, and 10 MB a second. */
    ScriptedSource remote() {
        latencyNanos = 20_000_000;
        nanosPerByte = 100;
        return this;
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        fetches.add(new Range(offset, target.byteSize()));
        if (closed) {
            throw new IOException("closed");
        }
        if (stalling.test(offset)) {
            try {
                goOn.await();
            } catch (InterruptedException e) {
                throw new InterruptedIOException("stalled");
            }
        }
        clock.addAndGet(latencyNanos + (long) (nanosPerByte * target.byteSize()));
        if (failing.test(offset)) {
            throw new IOException("no bytes at " + offset);
        }
        MemorySegment.copy(MemorySegment.ofArray(bytes), offset, target, 0, target.byteSize());
    }

    /** Waits until so many fetches have begun. */
    void awaitFetches(int count) {
        while (fetches.size() < count) {
            LockSupport.parkNanos(100_000); // the test's own timeout ends it
        }
    }

    /** Lets everything go on that stalls, for good. */
    void goOn() {
        goOn.countDown();
    }

    long fetched() {
        return fetches.stream().mapToLong(Range::length).sum();
    }

    @Override
    public void close() {
        closed = true;
    }
}
