// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The threads that wait for the kernel, always as many as were asked for: one that is held up by its handler is
 * replaced, and ends when it is free again.
 *
 * <p>So a handler that runs directly on such a thread costs no hand-over when it is fast, and keeps no one else waiting
 * when it is slow.
 *
 * <p>Safe for use by several threads.
 */
final class DeviceThreads implements Dispatcher.HandlerThreads {
    private final Session session;
    private final CachefilesChannel channel;
    private final boolean async;
    private final int wanted;
    private final Set<DeviceThread> all = ConcurrentHashMap.newKeySet();
    private final AtomicInteger names = new AtomicInteger();
    private final CountDownLatch stopping = new CountDownLatch(1);

    /** Threads that wait for the kernel, or will when their handler returns. Guarded by this. */
    private int pollers;

    private @Nullable Dispatcher dispatcher;

    DeviceThreads(Session session, CachefilesChannel channel, ServerOptions options) {
        this.session = session;
        this.channel = channel;
        this.async = options.async();
        this.wanted = options.threads();
    }

    void start(Dispatcher target) {
        dispatcher = target;
        synchronized (this) {
            while (pollers < wanted) {
                addPoller();
            }
        }
    }

    private void addPoller() {
        launch(null);
        pollers++;
    }

    private void launch(@Nullable PendingRequest first) {
        Dispatcher target = dispatcher;
        if (target == null) {
            throw new IllegalStateException("not started");
        }
        var thread = new DeviceThread("cachefiles-" + names.getAndIncrement(), this, channel, target, first);
        all.add(thread);
        boolean started = false;
        try {
            thread.start();
            started = true;
        } finally {
            if (!started) {
                all.remove(thread);
            }
        }
    }

    // Handlers run here

    @Override
    public void start(PendingRequest request) {
        if (Thread.currentThread() instanceof DeviceThread here && here.belongsTo(this)) {
            here.runNext(request);
            return;
        }
        Dispatcher target = dispatcher;
        if (target == null) {
            throw new IllegalStateException("not started");
        }
        try {
            if (async || stopping.getCount() == 0) {
                Thread.ofVirtual().name("cachefiles-start").start(() -> target.run(request));
            } else {
                launch(request);
            }
        } catch (Throwable t) { // no memory for a thread, say
            target.rejected(request, t);
        }
    }

    @Override
    public boolean areDeviceThreads() {
        return !async;
    }

    // What the threads ask and tell

    /** Tells a thread whether it is to wait for the kernel; if not, it ends. */
    boolean mayPoll(DeviceThread thread) {
        return stopping.getCount() > 0 && !thread.replaced;
    }

    synchronized void ended(DeviceThread thread) {
        all.remove(thread);
        if (!thread.replaced) {
            pollers--;
        }
    }

    void trouble(Throwable cause) {
        session.trouble(cause);
    }

    void failed(IOException cause) {
        session.failed(cause);
    }

    void channelClosed() {
        session.channelClosed();
    }

    void wakeWatchdog() {
        session.wakeWatchdog();
    }

    boolean awaitStop(long timeout, TimeUnit unit) throws InterruptedException {
        return stopping.await(timeout, unit);
    }

    // What the watchdog and the session do

    /** A thread's handler takes long: another waits for the kernel meanwhile. */
    synchronized void replace(DeviceThread thread) {
        if (!thread.replaced && stopping.getCount() > 0) {
            addPoller();
            pollers--;
            thread.replaced = true;
        }
    }

    Set<DeviceThread> all() {
        return all;
    }

    boolean contains(Thread thread) {
        return thread instanceof DeviceThread device && device.belongsTo(this);
    }

    /** No thread takes another message. */
    void stop() {
        stopping.countDown();
        channel.wakeup();
    }
}
