// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.cache.CullingPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A server's work on one channel, from the first message to the last fd. A cache that dies ends its session; another
 * may follow.
 *
 * <p>Safe for use by several threads.
 */
final class Session {

    /** Time for the handler to close what it has for each object, beyond the time of the shutdown. */
    private static final long LAST_CALLS_NANOS = Duration.ofSeconds(1).toNanos();

    private static final long FIRST_PAUSE_NANOS = Duration.ofNanos(50_000).toNanos();
    private static final long LONGEST_PAUSE_NANOS = Duration.ofMillis(10).toNanos();

    private final OnDemandServer server;
    private final ServerOptions options;
    private final CachefilesChannel channel;
    private final LoggingListener listener;
    private final DeviceThreads threads;
    private final Dispatcher dispatcher;
    private final Watchdog watchdog;
    private final @Nullable Upkeep upkeep;
    private final AtomicBoolean over = new AtomicBoolean();
    private final ReentrantLock stopping = new ReentrantLock();
    private boolean stopped;

    Session(OnDemandServer server, ServerOptions options, CachefilesChannel channel, LoggingListener listener) {
        this.server = server;
        this.options = options;
        this.channel = channel;
        this.listener = listener;
        this.threads = new DeviceThreads(this, channel, options);
        Executor executor = options.executor();
        this.dispatcher =
                new Dispatcher(options, listener, executor == null ? threads : new ExecutorThreads(executor, this));
        this.watchdog = new Watchdog(this, channel, threads, dispatcher);
        CullingPolicy culling = options.culling();
        this.upkeep = culling == null ? null : new Upkeep(channel, culling, listener);
    }

    void start() {
        channel.observe(options.listens() ? listener : null);
        watchdog.start();
        if (upkeep != null) {
            channel.watch(upkeep);
            upkeep.start();
        }
        threads.start(dispatcher);
    }

    CachefilesChannel channel() {
        return channel;
    }

    Dispatcher dispatcher() {
        return dispatcher;
    }

    void trouble(Throwable cause) {
        listener.trouble(cause);
    }

    void complete(CacheObject object) {
        listener.complete(object);
    }

    void wakeWatchdog() {
        watchdog.wake();
    }

    /** The channel was closed under the session: the end, as if the server had been closed. */
    void channelClosed() {
        if (over.compareAndSet(false, true)) {
            server.ended(null);
        }
    }

    void failed(IOException cause) {
        if (over.compareAndSet(false, true)) {
            listener.trouble(cause);
            server.ended(cause);
        }
    }

    void died(CachefilesException cause) {
        if (over.compareAndSet(false, true)) {
            listener.cacheDied(cause);
            server.died(this, cause);
        }
    }

    /** Tells whether the current thread is one that {@link #stop} would wait for. */
    boolean isOwnThread() {
        return threads.contains(Thread.currentThread())
                || watchdog.isCurrentThread()
                || (upkeep != null && upkeep.isCurrentThread())
                || underWay().stream().anyMatch(PendingRequest::isRunByCurrentThread);
    }

    /** What is being served or waits for it. */
    List<PendingRequest> underWay() {
        List<PendingRequest> requests = new ArrayList<>(dispatcher.watched());
        for (DeviceThread thread : threads.all()) {
            PendingRequest request = thread.current();
            if (request != null) {
                requests.add(request);
            }
        }
        return requests;
    }

    /**
     * Takes no more requests, waits for those under way until the deadline, answers for the rest, tells the handler of
     * all objects that are still open, closes every fd, then the device. Blocks until that is done, also the second
     * time.
     */
    void stop(long deadlineNanos) {
        stopping.lock();
        try {
            if (stopped) {
                return;
            }
            stopped = true;
            over.set(true);
            threads.stop();
            drain(deadlineNanos);
            for (PendingRequest request : underWay()) {
                dispatcher.cancel(
                        request,
                        new TimeoutException("the server closed, and the handler had not returned after "
                                + request.age().toMillis() + " ms"));
            }
            channel.objects().forEach(dispatcher::forget);
            drain(Math.max(deadlineNanos, System.nanoTime() + LAST_CALLS_NANOS));
            watchdog.stop();
            if (upkeep != null) {
                channel.watch(null);
                upkeep.stop();
            }
            channel.observe(null);
            channel.close();
        } finally {
            stopping.unlock();
        }
    }

    /** Waits until nothing is under way, or the time is over, or the thread is interrupted, and so in a hurry. */
    private void drain(long deadlineNanos) {
        long pause = FIRST_PAUSE_NANOS;
        while (isBusy()
                && System.nanoTime() - deadlineNanos < 0
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(this, pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
        }
    }

    private boolean isBusy() {
        return !dispatcher.watched().isEmpty() || threads.all().stream().anyMatch(DeviceThread::isWaitedFor);
    }
}
