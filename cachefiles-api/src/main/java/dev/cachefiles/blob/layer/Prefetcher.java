// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.Prefetch;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Fetches blobs in the background while no one waits for them: of all open blobs, first the ranges that were recorded when
 * they were used before, then the rest.
 *
 * <p>Misses go before. While there is one, of whatever blob, and for a short time after the last, no piece is begun;
 * one that is under way is brought to its end, since it may be what is waited for. So pieces should be small. Nor is a piece begun
 * while the disk or the link is busy, if it was told how to see that, or faster than a rate. Blobs take turns, piece by
 * piece. What is in the cache already is not fetched.
 *
 * <p>A piece that fails is tried again after a second, and after twice that each time, up to a minute; after ten failures
 * in a row the blob is given up until it is opened again.
 *
 * <p>Its threads are daemons, started with the first blob. Safe for use by several threads.
 */
public final class Prefetcher implements Prefetch, Closeable {

    /** The deadline of those for whom this fetches. */
    static final Deadline NO_ONE_WAITS = () -> Long.MAX_VALUE;

    private static final System.Logger LOG = System.getLogger("dev.cachefiles.blob");
    private static final int MAX_FAILURES = 10;
    private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);
    private static final long LOOK_AGAIN_NANOS = Duration.ofMillis(100).toNanos();

    private final int threadCount;
    private final int pieceBytes;
    private final boolean whole;
    private final Function<? super BlobKey, Optional<AccessList>> lists;
    private final @Nullable TokenBucket rate;
    private final BooleanSupplier busy;
    private final long quietNanos;
    private final PrefetchListener listener;
    private final Ticker ticker;

    private final AtomicInteger misses = new AtomicInteger();
    private volatile long lastMiss;

    /** Threads that wait for misses to end; only then does the end of one take the lock. */
    private final AtomicInteger held = new AtomicInteger();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by lock.
    private final Deque<PrefetchJob> recordedJobs = new ArrayDeque<>();
    private final Deque<PrefetchJob> otherJobs = new ArrayDeque<>();
    private final List<Thread> threads = new ArrayList<>();

    private volatile boolean closed;

    private Prefetcher(Builder builder) {
        this.threadCount = builder.threads;
        this.pieceBytes = builder.pieceBytes;
        this.whole = builder.whole;
        this.lists = builder.lists;
        this.rate = builder.rate;
        this.busy = builder.busy;
        this.quietNanos = builder.quiet.toNanos();
        this.listener = builder.listener;
        this.ticker = builder.ticker;
        this.lastMiss = ticker.nanoTime() - quietNanos;
    }

    /**
     * Begins to set one up.
     *
     * @return a builder, for use by one thread
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public Job start(BlobKey key, BlobSource source, Sink sink) throws IOException {
        List<AccessList.Range> ranges = lists.apply(key).map(AccessList::ranges).orElse(List.of());
        var job = new PrefetchJob(this, key, sink, source.size(), piece(source), ranges, whole);
        lock.lock();
        try {
            if (!closed && !job.isFinished()) {
                queue(job);
                while (threads.size() < threadCount) {
                    threads.add(Thread.ofPlatform()
                            .daemon()
                            .name("prefetch-" + threads.size())
                            .start(this::run));
                }
            }
        } finally {
            lock.unlock();
        }
        return job;
    }

    /** Whole chunks, or no more than the source wants to be asked for. */
    private int piece(BlobSource source) {
        long chunk = source.chunkSize();
        if (chunk > 0 && chunk <= ChunkDigests.MAX_CHUNK_SIZE) {
            return (int) (Math.max(1, pieceBytes / chunk) * chunk);
        }
        long most = Math.max(AccessList.BLOCK, source.largestFill() / AccessList.BLOCK * AccessList.BLOCK);
        return (int) Math.min(pieceBytes, most);
    }

    /** To be called with the lock held. */
    private void queue(PrefetchJob job) {
        (job.isRecorded() ? recordedJobs : otherJobs).addLast(job);
        changed.signalAll();
    }

    void forget(PrefetchJob job) {
        lock.lock();
        try {
            recordedJobs.remove(job);
            otherJobs.remove(job);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void missBegins() {
        misses.incrementAndGet();
    }

    @Override
    public void missEnds() {
        lastMiss = ticker.nanoTime();
        if (misses.decrementAndGet() == 0 && held.get() > 0) {
            lock.lock();
            try {
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void run() {
        try {
            while (true) {
                PrefetchJob job = take();
                if (job == null) {
                    return;
                }
                if (work(job)) {
                    putBack(job);
                }
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    /** Waits for a job that may be worked for; null when this is closed. */
    private @Nullable PrefetchJob take() throws InterruptedException {
        while (true) {
            long wait = Long.MAX_VALUE;
            lock.lockInterruptibly();
            try {
                while (!closed && recordedJobs.isEmpty() && otherJobs.isEmpty()) {
                    changed.await();
                }
                if (closed) {
                    return null;
                }
                long now = ticker.nanoTime();
                for (Deque<PrefetchJob> jobs : List.of(recordedJobs, otherJobs)) {
                    for (Iterator<PrefetchJob> it = jobs.iterator(); it.hasNext(); ) {
                        PrefetchJob job = it.next();
                        if (job.nanosToWait(now) <= 0) {
                            it.remove();
                            return job;
                        }
                        wait = Math.min(wait, job.nanosToWait(now));
                    }
                }
            } finally {
                lock.unlock();
            }
            ticker.sleep(Math.min(wait, LOOK_AGAIN_NANOS)); // all have failed of late
        }
    }

    private void putBack(PrefetchJob job) {
        lock.lock();
        try {
            if (!closed && !job.isClosed()) {
                queue(job);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Does a piece; false if the job is at its end. */
    private boolean work(PrefetchJob job) {
        if (!job.enter()) {
            return false;
        }
        try {
            if (!job.sink().isFilled(job.nextOffset(), job.nextLength())) {
                awaitQuiet();
                if (rate != null) {
                    rate.take(job.nextLength());
                    awaitQuiet(); // one may have begun to wait meanwhile
                }
                Deadline.during(NO_ONE_WAITS, () -> job.sink().fill(job.nextOffset(), job.nextLength()));
            }
            job.advance();
            tell(() -> listener.progress(job.key(), job.done(), job.total()));
            if (job.isFinished()) {
                tell(() -> listener.completed(job.key()));
            }
            return !job.isFinished();
        } catch (ClosedChannelException e) {
            return false;
        } catch (IOException | RuntimeException e) {
            return !closed && !job.isClosed() && mayGoOn(job, e);
        } finally {
            job.leave();
        }
    }

    private boolean mayGoOn(PrefetchJob job, Exception cause) {
        int failures = job.failed();
        boolean givenUp = failures >= MAX_FAILURES;
        long wait = Math.min(LONGEST_WAIT.toNanos(), FIRST_WAIT.toNanos() << Math.min(failures - 1, 16));
        job.notBefore(ticker.nanoTime() + wait);
        tell(() -> listener.failed(job.key(), cause, givenUp));
        return !givenUp;
    }

    /** Waits until no one waits for a miss, and neither disk nor link is busy. */
    private void awaitQuiet() throws IOException {
        boolean paused = false;
        try {
            while (true) {
                awaitNoMiss();
                if (!busy.getAsBoolean()) {
                    return;
                }
                if (!paused) {
                    paused = true;
                    tell(() -> listener.paused(true));
                }
                Failures.sleep(ticker, LOOK_AGAIN_NANOS, "waiting for the disk or the link");
            }
        } finally {
            if (paused) {
                tell(() -> listener.paused(false));
            }
        }
    }

    private void awaitNoMiss() throws InterruptedIOException {
        while (misses.get() > 0 || quietNanosLeft() > 0) {
            if (misses.get() > 0) {
                awaitEndOfMisses();
            } else {
                Failures.sleep(ticker, quietNanosLeft(), "waiting after a miss");
            }
        }
    }

    private long quietNanosLeft() {
        return quietNanos - (ticker.nanoTime() - lastMiss);
    }

    private void awaitEndOfMisses() throws InterruptedIOException {
        held.incrementAndGet();
        lock.lock();
        try {
            while (misses.get() > 0) {
                changed.await();
            }
        } catch (InterruptedException e) {
            throw Failures.interrupted("waiting for a miss to end");
        } finally {
            lock.unlock();
            held.decrementAndGet();
        }
    }

    /** Whether a thread waits for misses to end. */
    boolean isHeld() {
        return held.get() > 0;
    }

    private static void tell(Runnable event) {
        try {
            event.run();
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "a listener has failed", e);
        }
    }

    /** Ends all jobs and waits for the threads. */
    @Override
    public void close() {
        List<Thread> ending;
        lock.lock();
        try {
            closed = true;
            recordedJobs.clear();
            otherJobs.clear();
            ending = List.copyOf(threads);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        ending.forEach(Thread::interrupt);
        boolean interrupted = false;
        for (Thread thread : ending) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sets a {@link Prefetcher} up. For use by one thread. */
    public static final class Builder {
        private int threads = 1;
        private int pieceBytes = 256 << 10;
        private boolean whole = true;
        private Function<? super BlobKey, Optional<AccessList>> lists = key -> Optional.empty();
        private @Nullable TokenBucket rate;
        private BooleanSupplier busy = () -> false;
        private Duration quiet = Duration.ofMillis(20);
        private PrefetchListener listener = new PrefetchListener() {};
        private Ticker ticker = Ticker.system();

        private Builder() {}

        /**
         * Sets how many pieces are fetched at a time.
         *
         * @param count number of threads, from 1 to 64; the default is 1
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder threads(int count) {
            if (count < 1 || count > 64) {
                throw new IllegalArgumentException(count + " threads are not from 1 to 64");
            }
            this.threads = count;
            return this;
        }

        /**
         * Sets how much is fetched at a time; more, or less, where a source has chunks or a largest range of its own.
         *
         * @param bytes bytes, a multiple of 4096, from 4096 to 64 MiB; the default is 256 KiB
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder pieces(int bytes) {
            if (bytes < AccessList.BLOCK || bytes > 64 << 20 || bytes % AccessList.BLOCK != 0) {
                throw new IllegalArgumentException(
                        "pieces of " + bytes + " bytes are no multiple of 4096 from 4096 to 64 MiB");
            }
            this.pieceBytes = bytes;
            return this;
        }

        /**
         * Sets whether blobs are fetched as a whole.
         *
         * @param wanted false to fetch the recorded ranges alone; the default is true
         * @return this
         */
        public Builder whole(boolean wanted) {
            this.whole = wanted;
            return this;
        }

        /**
         * Sets which ranges go first, for instance {@code new AccessLists(directory)::find}.
         *
         * @param source gives the list of a blob, or nothing
         * @return this
         */
        public Builder lists(Function<? super BlobKey, Optional<AccessList>> source) {
            this.lists = Objects.requireNonNull(source, "source");
            return this;
        }

        /**
         * Limits the rate of what is fetched ahead; misses are not limited.
         *
         * @param bucket the rate; by default there is no limit
         * @return this
         */
        public Builder rate(TokenBucket bucket) {
            this.rate = Objects.requireNonNull(bucket, "bucket");
            return this;
        }

        /**
         * Sets when to pause, for instance {@code new IoPressure(20)}; looked at before each piece, and ten times a second
         * while it is true.
         *
         * @param test true while the disk or the link is busy
         * @return this
         */
        public Builder pauseWhile(BooleanSupplier test) {
            this.busy = Objects.requireNonNull(test, "test");
            return this;
        }

        /**
         * Sets how long after a miss nothing is begun, since another one is likely to follow.
         *
         * @param time the time, not negative; the default is 20 ms
         * @return this
         * @throws IllegalArgumentException if it is negative
         */
        public Builder quiet(Duration time) {
            if (time.isNegative()) {
                throw new IllegalArgumentException(time + " is negative");
            }
            this.quiet = time;
            return this;
        }

        /**
         * Sets who hears how it goes.
         *
         * @param told the listener
         * @return this
         */
        public Builder listener(PrefetchListener told) {
            this.listener = Objects.requireNonNull(told, "told");
            return this;
        }

        /**
         * Sets the clock.
         *
         * @param clock the clock; the default is that of the machine
         * @return this
         */
        public Builder ticker(Ticker clock) {
            this.ticker = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /**
         * Makes it.
         *
         * @return the prefetcher, to be closed after the blobs
         */
        public Prefetcher build() {
            return new Prefetcher(this);
        }
    }
}
