// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.cache.CullingPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Serves a cache with a handler: takes requests from a {@link CachefilesChannel}, runs the {@link OnDemandHandler}, and
 * answers every OPEN and READ exactly once, in bounded time, whatever the handler does.
 *
 * <pre>{@code
 * try (var server = OnDemandServer.builder(CachefilesChannel.open(options)).handler(handler).start()) {
 *     server.awaitTermination();
 * }
 * }</pre>
 *
 * <h2>Where the handler runs</h2>
 *
 * <ul>
 *   <li>By default directly on the threads that wait for the kernel, so that a request costs no hand-over: the fastest
 *       for a source that answers at once. A thread whose handler takes longer than 20 ms is replaced, so that others
 *       need not wait for it.
 *   <li>On {@linkplain Builder#virtualThreads virtual threads}, or any {@linkplain Builder#executor executor}: for a
 *       source that waits, for a network say.
 *   <li>Not at all: an {@link AsyncOnDemandHandler} returns before its work is done.
 * </ul>
 *
 * <h2>Deadlines</h2>
 *
 * <p>Each request has one, from the moment its message is read. When it passes, the server answers: an OPEN is refused,
 * a READ completed without data; the handler's thread is interrupted, {@link Request#onCancel} is run, and the
 * handler's place is free for others. A handler that takes no notice goes on in vain: its answer is dropped, and its
 * writes do no harm. When the kernel then asks once more for the same range, as it does by itself, the handler gets half
 * a second.
 *
 * <h2>A cache that dies</h2>
 *
 * <p>After an error of the cache's file system the kernel gives the cache up, and says so to no one. The server looks
 * every two seconds, reports it, closes all, and binds the cache again as soon as that works. Images that were mounted
 * stay without a cache until they are mounted again.
 *
 * <p>Safe for use by several threads.
 */
public final class OnDemandServer implements AutoCloseable {

    /** With fewer files a server soon cannot take OPENs any more. */
    private static final long FEW_FILES = 256;

    private final ServerOptions options;
    private final LoggingListener listener;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();

    private final Object sessionLock = new Object();

    /** The first, or the one after the last cache that has died. Changed with the lock held. */
    private volatile Session session;

    private volatile boolean bound = true;

    private OnDemandServer(ServerOptions options, CachefilesChannel channel) {
        this.options = options;
        this.listener = new LoggingListener(options.listener());
        this.session = newSession(channel);
    }

    private Session newSession(CachefilesChannel channel) {
        return new Session(this, options, channel, listener);
    }

    private void start() {
        long files = session.channel().fileLimit();
        if (files < FEW_FILES) {
            listener.trouble(
                    new IOException("this process may have only " + files + " files open, and each blob that is"
                            + " open takes one; raise the hard limit (ulimit -Hn, LimitNOFILE=)"));
        }
        session.start();
    }

    /**
     * Starts to set a server up.
     *
     * @param channel the bound cache; the server owns it from {@link Builder#start} on and closes it
     * @return a builder
     */
    public static Builder builder(CachefilesChannel channel) {
        return new Builder(channel);
    }

    /**
     * Waits until the server has closed.
     *
     * @throws InterruptedException if the thread is interrupted; the server goes on
     * @throws IOException          if the server has closed by itself, since the device failed; says why
     */
    public void awaitTermination() throws InterruptedException, IOException {
        closed.await();
        IOException cause = failure.get();
        if (cause != null) {
            throw cause;
        }
    }

    /**
     * Tells how the server is doing.
     *
     * @return the numbers of this moment, which are not taken at one instant
     */
    public ServerStatus status() {
        Session current = session;
        Dispatcher dispatcher = current.dispatcher();
        List<CacheObject> objects = current.channel().objects();
        long oldest = 0;
        long now = current.channel().time().nanoTime();
        for (PendingRequest request : current.underWay()) {
            if (!request.isAnswered()) {
                oldest = Math.max(oldest, request.ageNanos(now));
            }
        }
        return new ServerStatus(
                dispatcher.admission().requests(),
                dispatcher.admission().waiting(),
                dispatcher.admission().bytes(),
                Duration.ofNanos(oldest),
                dispatcher.overdue(),
                dispatcher.cancelled(),
                objects.size(),
                Math.toIntExact(objects.stream().filter(CacheObject::isComplete).count()),
                bound);
    }

    /**
     * Stops: takes no more requests, waits for those in flight up to the shutdown timeout, answers the rest (an OPEN is
     * refused, a READ completed without data) and interrupts their threads, lets the handler
     * {@linkplain OnDemandHandler#close close} each object that is open, closes every fd, then the device.
     *
     * <p>Requests that were not taken yet fail in the kernel. Files that are open in mounts can be read where they are
     * in the page cache; what is not there gives {@code EIO} until the image is mounted again under a new server.
     * Blocks until all is closed, also the second time; but from a thread of the server or of its handler it returns at
     * once, and another thread closes.
     */
    @Override
    public void close() {
        boolean ownThread = session.isOwnThread();
        if (closing.compareAndSet(false, true)) {
            stopping.countDown();
            if (ownThread) {
                Thread.ofPlatform().name("cachefiles-close").start(this::finish);
            } else {
                finish();
            }
        }
        if (!ownThread) {
            awaitClosed();
        }
    }

    private void finish() {
        try {
            long deadline = System.nanoTime() + options.shutdownTimeout().toNanos();
            Session last;
            synchronized (sessionLock) {
                last = session;
            }
            last.stop(deadline);
        } finally {
            closed.countDown();
        }
    }

    private void awaitClosed() {
        boolean interrupted = false;
        while (true) {
            try {
                closed.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // the wait is bounded by the shutdown timeout
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** A session has ended by itself: with null if its channel was closed, else with what has gone wrong. */
    void ended(@Nullable IOException cause) {
        failure.compareAndSet(null, cause);
        close();
    }

    /** The cache of a session has died. */
    void died(Session dead, CachefilesException cause) {
        if (!options.reopens()) {
            ended(cause);
            return;
        }
        bound = false;
        Thread.ofPlatform().name("cachefiles-reopen").start(() -> reopen(dead));
    }

    private void reopen(Session dead) {
        // The kernel has failed all requests already: nobody waits for what is in flight.
        dead.stop(System.nanoTime());
        long pauseMillis = 100;
        String complaint = "";
        try {
            do {
                try {
                    startOn(dead.channel().reopen());
                    return;
                } catch (IOException e) {
                    if (!complaint.equals(e.toString())) {
                        complaint = e.toString();
                        listener.trouble(new IOException("the cache has died and cannot be opened again yet", e));
                    }
                }
                pauseMillis = Math.min(2 * pauseMillis, 5000);
            } while (!stopping.await(pauseMillis, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            ended(new IOException("interrupted while a dead cache was opened again", e));
        } catch (RuntimeException | Error e) {
            ended(new IOException("a dead cache cannot be opened again", e));
        }
    }

    private void startOn(CachefilesChannel channel) {
        synchronized (sessionLock) {
            if (closing.get()) {
                channel.close();
                return;
            }
            Session next = newSession(channel);
            session = next;
            next.start();
        }
        bound = true;
        listener.cacheReopened();
    }

    /** Sets a server up. For use by one thread. */
    public static final class Builder {

        /** Most threads that a server takes. */
        public static final int MAX_THREADS = 1024;

        private final CachefilesChannel channel;
        private @Nullable BiFunction<LoggingListener, Consumer<PendingRequest>, RequestEngine> engines;
        private boolean async;
        private OnDemandListener listener = ServerOptions.NO_LISTENER;
        private int threads = 1;
        private @Nullable Executor executor;
        private Concurrency concurrency = Concurrency.PARALLEL;
        private int maxRequests = 256;
        private long maxBytes = 256L << 20;
        private long openNanos = Duration.ofSeconds(15).toNanos();
        private long readNanos = Duration.ofSeconds(30).toNanos();
        private Duration shutdownTimeout = Duration.ofSeconds(10);
        private boolean reopens = true;
        private @Nullable CullingPolicy culling;

        private Builder(CachefilesChannel channel) {
            this.channel = Objects.requireNonNull(channel, "channel");
        }

        /**
         * Sets the handler. This or {@link #asyncHandler} is required.
         *
         * @param handler what serves the requests
         * @return this
         */
        public Builder handler(OnDemandHandler handler) {
            Objects.requireNonNull(handler, "handler");
            this.engines = (reporter, returned) -> new BlockingEngine(handler, reporter, returned);
            this.async = false;
            return this;
        }

        /**
         * Sets a handler that does not block. It is called by the threads that wait for the kernel, unless there is an
         * {@linkplain #executor executor}.
         *
         * @param handler what serves the requests
         * @return this
         */
        public Builder asyncHandler(AsyncOnDemandHandler handler) {
            Objects.requireNonNull(handler, "handler");
            this.engines = (reporter, returned) -> new AsyncEngine(handler, reporter, returned);
            this.async = true;
            return this;
        }

        /**
         * Sets who hears of events. Failures are logged in any case, to the logger {@code dev.cachefiles}.
         *
         * @param listener the listener; the default does nothing
         * @return this
         */
        public Builder listener(OnDemandListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Sets how many threads wait for the kernel. One is fastest for a source that answers at once: the kernel wakes
         * each of them for every message.
         *
         * @param threads number of platform threads, from 1 to {@value #MAX_THREADS}; the default is 1
         * @return this
         * @throws IllegalArgumentException if the number is out of range
         */
        public Builder threads(int threads) {
            if (threads < 1 || threads > MAX_THREADS) {
                throw new IllegalArgumentException("threads " + threads + " is not from 1 to " + MAX_THREADS);
            }
            this.threads = threads;
            return this;
        }

        /**
         * Runs each call of the handler on a virtual thread of its own.
         *
         * @return this
         */
        public Builder virtualThreads() {
            return executor(
                    task -> Thread.ofVirtual().name("cachefiles-handler").start(task));
        }

        /**
         * Runs the calls of the handler on an executor.
         *
         * @param executor where to run them; it must not run them on the calling thread unless they are short. A request
         *     that it rejects fails. It is not shut down with the server
         * @return this
         */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /**
         * Sets which calls of the handler are made at the same time.
         *
         * @param concurrency the rule; the default is {@link Concurrency#PARALLEL}
         * @return this
         */
        public Builder concurrency(Concurrency concurrency) {
            this.concurrency = Objects.requireNonNull(concurrency, "concurrency");
            return this;
        }

        /**
         * Sets how many requests are served at the same time. Others wait in the server, and objects take turns.
         *
         * <p>As many handlers may be stuck beyond their deadlines; when there are more, requests fail at once until one
         * returns.
         *
         * @param requests number of requests, at least 1; the default is 256
         * @return this
         * @throws IllegalArgumentException if the number is less than 1
         */
        public Builder maxRequests(int requests) {
            if (requests < 1) {
                throw new IllegalArgumentException("a server cannot serve " + requests + " requests at a time");
            }
            this.maxRequests = requests;
            return this;
        }

        /**
         * Sets for how many bytes READs are served at the same time. One that asks for more is served alone.
         *
         * @param bytes number of bytes, at least 1; the default is 256 MiB
         * @return this
         * @throws IllegalArgumentException if the number is less than 1
         */
        public Builder maxBytes(long bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("a server cannot fetch " + bytes + " bytes at a time");
            }
            this.maxBytes = bytes;
            return this;
        }

        /**
         * Sets the time for an OPEN. Until it is answered a process waits in mount(2), and cannot be killed.
         *
         * @param deadline the longest time from the message to the answer, positive; the default is 15 seconds
         * @return this
         * @throws IllegalArgumentException if the time is not positive
         */
        public Builder openDeadline(Duration deadline) {
            this.openNanos = nanos(deadline);
            return this;
        }

        /**
         * Sets the time for a READ, and for the handler's part of a CLOSE.
         *
         * @param deadline the longest time from the message to the answer, positive; the default is 30 seconds
         * @return this
         * @throws IllegalArgumentException if the time is not positive
         */
        public Builder readDeadline(Duration deadline) {
            this.readNanos = nanos(deadline);
            return this;
        }

        /**
         * Lets handlers take all the time they want. One that does not return then holds its reader until the server
         * closes.
         *
         * @return this
         */
        public Builder noDeadlines() {
            this.openNanos = Long.MAX_VALUE;
            this.readNanos = Long.MAX_VALUE;
            return this;
        }

        private static long nanos(Duration deadline) {
            if (deadline.isNegative() || deadline.isZero()) {
                throw new IllegalArgumentException("a deadline of " + deadline + " leaves no time");
            }
            return saturated(deadline);
        }

        private static long saturated(Duration time) {
            return time.compareTo(Duration.ofNanos(Long.MAX_VALUE)) < 0 ? time.toNanos() : Long.MAX_VALUE;
        }

        /**
         * Closes the server when its cache dies, instead of binding it again: {@link OnDemandServer#awaitTermination}
         * throws then.
         *
         * @return this
         */
        public Builder endWithCache() {
            this.reopens = false;
            return this;
        }

        /**
         * Keeps the cache within limits: the server culls the least recently used objects when the kernel asks for it,
         * when a budget is exceeded, or when a write finds no room, which is then tried once more. The default is to cull
         * nothing.
         *
         * <p>It is done on a thread of its own. What was culled is told to {@link OnDemandListener#culled}, what goes
         * wrong to {@link OnDemandListener#trouble}. Needs to be root, or the capability {@code CAP_DAC_OVERRIDE}.
         *
         * @param policy the rules
         * @return this
         */
        public Builder culling(CullingPolicy policy) {
            this.culling = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Sets how long {@link OnDemandServer#close} waits for handlers.
         *
         * @param timeout the longest wait, not negative; the default is 10 seconds
         * @return this
         * @throws IllegalArgumentException if the timeout is negative
         */
        public Builder shutdownTimeout(Duration timeout) {
            if (timeout.isNegative()) {
                throw new IllegalArgumentException("shutdown timeout " + timeout + " is negative");
            }
            this.shutdownTimeout = timeout;
            return this;
        }

        /**
         * Starts the server. Its threads keep the virtual machine running until it is closed.
         *
         * @return the server, which serves already
         * @throws IllegalStateException if there is no handler
         */
        public OnDemandServer start() {
            if (engines == null) {
                throw new IllegalStateException("a server needs a handler");
            }
            var options = new ServerOptions(
                    engines,
                    async,
                    listener,
                    threads,
                    executor,
                    concurrency,
                    maxRequests,
                    maxBytes,
                    openNanos,
                    readNanos,
                    shutdownTimeout,
                    reopens,
                    culling);
            var server = new OnDemandServer(options, channel);
            server.start();
            return server;
        }
    }
}
