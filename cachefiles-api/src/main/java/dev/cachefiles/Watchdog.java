// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.TimeSource;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Looks after what takes too long: ends requests at their deadlines, replaces device threads that are held up, notices
 * a cache that has died, and asks again for READs that nobody here could answer.
 *
 * <p>Sleeps while there is no request, but for the probe of the cache.
 */
final class Watchdog implements Runnable {
    private static final long TICK_NANOS = Duration.ofMillis(10).toNanos();

    /** How long a handler may keep a device thread before another one waits for the kernel in its place. */
    private static final long HELD_UP_NANOS = Duration.ofMillis(20).toNanos();

    private static final long PROBE_NANOS = Duration.ofSeconds(2).toNanos();
    private static final long RESTORE_NANOS = Duration.ofSeconds(30).toNanos();

    private final Session session;
    private final CachefilesChannel channel;
    private final DeviceThreads threads;
    private final Dispatcher dispatcher;
    private final TimeSource time;
    private final Thread thread;
    private long nextProbe;
    private long nextRestore;
    private volatile boolean asleep;
    private volatile boolean stopped;

    Watchdog(Session session, CachefilesChannel channel, DeviceThreads threads, Dispatcher dispatcher) {
        this.session = session;
        this.channel = channel;
        this.threads = threads;
        this.dispatcher = dispatcher;
        this.time = channel.time();
        long now = time.nanoTime();
        this.nextProbe = now + PROBE_NANOS;
        this.nextRestore = now;
        this.thread = Thread.ofPlatform().name("cachefiles-watchdog").daemon().unstarted(this);
    }

    void start() {
        thread.start();
    }

    /** A request was taken. Costs a look at a field unless the watchdog sleeps. */
    void wake() {
        if (asleep) {
            asleep = false;
            LockSupport.unpark(thread);
        }
    }

    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    boolean isCurrentThread() {
        return Thread.currentThread() == thread;
    }

    @Override
    public void run() {
        while (!stopped) {
            try {
                long now = time.nanoTime();
                boolean busy = look(now);
                if (!busy) {
                    asleep = true;
                    busy = look(now); // one may have come before it could see that this sleeps
                }
                time.parkNanos(this, busy ? TICK_NANOS : Math.max(TICK_NANOS, nextProbe - now));
                asleep = false;
                Thread.interrupted();
            } catch (Throwable t) {
                session.trouble(t);
                time.parkNanos(this, TICK_NANOS);
            }
        }
    }

    /** Tells whether any request is under way. */
    private boolean look(long now) throws IOException {
        boolean busy = false;
        for (DeviceThread device : threads.all()) {
            long since = device.busySince();
            if (since == DeviceThread.IDLE) {
                continue;
            }
            busy = true;
            PendingRequest request = device.current();
            if (request != null && request.isOverdue(now)) {
                dispatcher.expire(request);
            }
            if (now - since >= HELD_UP_NANOS) {
                threads.replace(device);
            }
        }
        for (PendingRequest request : dispatcher.watched()) {
            busy = true;
            if (request.isOverdue(now)) {
                dispatcher.expire(request);
            }
        }
        if (now - nextProbe >= 0) {
            nextProbe = now + PROBE_NANOS;
            probe(now);
        }
        return busy;
    }

    private void probe(long now) throws IOException {
        if (channel.isDead()) {
            session.died(new CachefilesException(
                    "the cache",
                    Errno.EIO,
                    "the kernel has given it up, mostly after an error of its file system; see the kernel's log"
                            + " and /proc/fs/fscache/caches"));
        } else if (channel.hasStrays() && now - nextRestore >= 0) {
            nextRestore = now + RESTORE_NANOS;
            channel.restoreStrays();
        }
    }
}
