// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.protocol.MessageLayout;
import dev.cachefiles.spi.DeviceFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Serves a cache with a handler: takes requests from a {@link CachefilesChannel}, runs the {@link OnDemandHandler}, and
 * answers every OPEN and READ exactly once.
 *
 * <pre>{@code
 * try (var server = OnDemandServer.builder(CachefilesChannel.open(options)).handler(handler).start()) {
 *     server.awaitTermination();
 * }
 * }</pre>
 *
 * <p>The handler runs directly on the threads that wait for the kernel, so that a request costs no hand-over. One
 * thread is fastest for a source that answers at once; a source that waits, for a network say, wants as many threads as
 * requests may wait at a time.
 *
 * <p>Safe for use by several threads.
 */
public final class OnDemandServer implements AutoCloseable {
    private final CachefilesChannel channel;
    private final RequestEngine engine;
    private final OnDemandListener listener;
    private final Duration shutdownTimeout;
    private final List<Worker> workers = new ArrayList<>();

    private final AtomicBoolean closing = new AtomicBoolean();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();

    private OnDemandServer(Builder builder, OnDemandHandler handler) {
        this.channel = builder.channel;
        this.listener = new LoggingListener(builder.listener);
        this.engine = new RequestEngine(handler, listener);
        this.shutdownTimeout = builder.shutdownTimeout;
        for (int i = 0; i < builder.threads; i++) {
            workers.add(new Worker(i));
        }
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
     * Stops: takes no more requests, waits for those in flight up to the shutdown timeout, answers the rest (an OPEN is
     * refused, a READ completed without data) and interrupts their threads, closes every fd, then the device.
     *
     * <p>Requests that were not taken yet fail in the kernel. Files that are open in mounts can be read where they are
     * in the page cache; what is not there gives {@code EIO} until the image is mounted again under a new server.
     * Blocks until all is closed, also the second time; but from a thread of the server it returns at once, and another
     * thread closes.
     */
    @Override
    public void close() {
        if (closing.compareAndSet(false, true)) {
            stopping.countDown();
            channel.wakeup();
            if (onOwnThread()) {
                Thread.ofPlatform().name("cachefiles-close").start(this::finish);
            } else {
                finish();
            }
        }
        if (!onOwnThread()) {
            awaitClosed();
        }
    }

    private void finish() {
        try {
            long deadline = System.nanoTime() + shutdownTimeout.toNanos();
            for (Worker worker : workers) {
                worker.join(deadline - System.nanoTime());
            }
            for (Worker worker : workers) {
                worker.abandon();
            }
            channel.close();
        } finally {
            closed.countDown();
        }
    }

    private boolean onOwnThread() {
        return workers.stream().anyMatch(worker -> worker.thread == Thread.currentThread());
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

    /** Takes requests and serves them, one at a time. */
    private final class Worker implements Runnable {
        private static final long FIRST_PAUSE_MILLIS = 10;
        private static final long LONGEST_PAUSE_MILLIS = 1000;

        /** Platform threads: a wait for the kernel holds the thread, and would hold a virtual thread's carrier. */
        private final Thread thread;

        private final MemorySegment buffer = Arena.ofAuto().allocate(MessageLayout.MAX_SIZE, Long.BYTES);
        private final EmptyReadBackoff emptyReads = new EmptyReadBackoff();
        private volatile @Nullable Request current;
        private long pauseMillis = FIRST_PAUSE_MILLIS;

        Worker(int index) {
            thread = Thread.ofPlatform().name("cachefiles-" + index).unstarted(this);
        }

        @Override
        public void run() {
            try {
                while (!closing.get()) {
                    if ((channel.await(-1) & DeviceFile.READABLE) != 0) {
                        receive();
                    }
                }
            } catch (ClosedChannelException e) {
                // The channel was closed under the server: the end, as if the server had been closed.
                OnDemandServer.this.close();
            } catch (Throwable t) {
                // Not of a handler, which are contained. A message may be lost, so its reader is freed with the device.
                failure.compareAndSet(null, t instanceof IOException e ? e : new IOException(t));
                listener.trouble(t);
                OnDemandServer.this.close();
            }
        }

        private void receive() throws ClosedChannelException {
            Request request;
            try {
                request = channel.receive(buffer);
            } catch (ClosedChannelException e) {
                throw e;
            } catch (ProtocolException e) {
                listener.trouble(e); // one message is lost, the next may be there
                return;
            } catch (IOException e) {
                listener.trouble(e);
                pause();
                return;
            }
            if (request == null) {
                emptyReads.pause();
                return;
            }
            emptyReads.reset();
            pauseMillis = FIRST_PAUSE_MILLIS;
            current = request;
            try {
                engine.serve(request);
            } finally {
                current = null;
                // A handler's interrupt must not reach the next one, whose files it would close.
                Thread.interrupted();
            }
        }

        /** When the kernel cannot deliver, for want of fds say, it says so again and again. */
        private void pause() {
            try {
                if (stopping.await(pauseMillis, TimeUnit.MILLISECONDS)) {
                    return;
                }
                pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        void join(long nanos) {
            try {
                thread.join(Duration.ofNanos(Math.max(1, nanos)));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // who closes is in a hurry: the rest is abandoned now
            }
        }

        void abandon() {
            Request request = current;
            if (request != null) {
                engine.abandon(
                        request,
                        new TimeoutException("the server closed, and the handler had not returned after "
                                + shutdownTimeout.toMillis() + " ms"));
                thread.interrupt();
            }
        }
    }

    /** Sets a server up. For use by one thread. */
    public static final class Builder {

        /** Most threads that a server takes. */
        public static final int MAX_THREADS = 1024;

        private final CachefilesChannel channel;
        private @Nullable OnDemandHandler handler;
        private OnDemandListener listener = new OnDemandListener() {};
        private int threads = 1;
        private Duration shutdownTimeout = Duration.ofSeconds(10);

        private Builder(CachefilesChannel channel) {
            this.channel = Objects.requireNonNull(channel, "channel");
        }

        /**
         * Sets the handler. Required.
         *
         * @param handler what serves the requests
         * @return this
         */
        public Builder handler(OnDemandHandler handler) {
            this.handler = Objects.requireNonNull(handler, "handler");
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
         * Sets how many threads serve, and so how many requests at a time.
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
            if (handler == null) {
                throw new IllegalStateException("a server needs a handler");
            }
            var server = new OnDemandServer(this, handler);
            server.workers.forEach(worker -> worker.thread.start());
            return server;
        }
    }
}
