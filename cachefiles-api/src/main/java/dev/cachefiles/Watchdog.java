// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.TimeSource;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Looks after what takes too long: ends requests at their deadlines, replaces device threads that are held up, notices
 * a cache that has died and objects that are complete, and asks again for READs that nobody here could answer.
 *
 * <p>Sleeps while there is no request, but for the probe of the cache.
 */
final class Watchdog implements Runnable {
    private static final long NOTHING_TO_DO = Long.MAX_VALUE;
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
                long pause = look(now);
                if (pause == NOTHING_TO_DO) {
                    asleep = true;
                    pause = look(now); // a request may have come before it could see that this sleeps
                }
                time.parkUntil(this, now + Math.min(pause, nextProbe - now));
                asleep = false;
                Thread.interrupted();
            } catch (Throwable t) {
                session.trouble(t);
                time.parkUntil(this, time.nanoTime() + TICK_NANOS);
            }
        }
    }

    /** Returns how long it can sleep, in nanoseconds. */
    private long look(long now) throws IOException {
        long pause = NOTHING_TO_DO;
        for (DeviceThread device : threads.all()) {
            long since = device.busySince();
            if (since == DeviceThread.IDLE) {
                continue;
            }
            PendingRequest request = device.current();
            pause = Math.min(pause, request == null ? TICK_NANOS : look(request, now));
            if (now - since >= HELD_UP_NANOS) {
                threads.replace(device);
            }
        }
        for (PendingRequest request : dispatcher.watched()) {
            pause = Math.min(pause, look(request, now));
        }
        if (now - nextProbe >= 0) {
            nextProbe = now + PROBE_NANOS;
            probe(now);
        }
        return pause;
    }

    private long look(PendingRequest request, long now) {
        long left = request.nanosLeft(now);
        if (left <= 0) {
            dispatcher.expire(request);
            return TICK_NANOS;
        }
        return Math.min(left, TICK_NANOS);
    }

    private void probe(long now) throws IOException {
        if (channel.isDead()) {
            session.died(new CachefilesException(
                    "the cache",
                    Errno.EIO,
                    "the kernel has given it up, mostly after an error of its file system; see the kernel's log"
                            + " and /proc/fs/fscache/caches"));
            return;
        }
        for (CacheObject object : channel.objects()) {
            if (object.hasBecomeComplete()) {
                session.complete(object);
            }
        }
        if (channel.hasStrays() && now - nextRestore >= 0 && channel.restore()) {
            nextRestore = now + RESTORE_NANOS;
        }
    }
}
