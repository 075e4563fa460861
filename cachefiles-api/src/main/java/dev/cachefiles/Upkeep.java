// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.cache.CacheKeeper;
import dev.cachefiles.cache.CachedObject;
import dev.cachefiles.cache.CullReport;
import dev.cachefiles.cache.CullingPolicy;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the cache of a session within its limits, on a thread of its own: no request waits for it but one that has found
 * no room.
 *
 * <p>The thread sleeps until more was written than the limits had left at the last look; and looks once in an interval
 * whether the file system is short of room by what others write, which costs a few system calls. Where the limits cannot
 * be kept since too much is in use, it waits until something is closed.
 *
 * <p>Safe for use by several threads.
 */
final class Upkeep implements CacheWatch {

    /** A volume that is made for an object takes this and some inodes, before a byte is written. */
    private static final long VOLUME_BYTES = 257 * 4096;

    /** The pause between two looks while the first has left something to the second. */
    private static final long SOON = TimeUnit.MILLISECONDS.toNanos(100);

    /** How many intervals pass before a cache is looked at again that cannot be brought within its limits. */
    private static final int STUCK_INTERVALS = 5;

    private final CachefilesChannel channel;
    private final CullingPolicy policy;
    private final OnDemandListener listener;
    private final long interval;
    private final Thread thread;
    private volatile @Nullable CacheKeeper keeper;
    private volatile String complaint = "";
    private volatile boolean stopped;

    /** Bytes that were written, and what volumes take that may have been made. */
    private final AtomicLong written = new AtomicLong();

    /** With so many bytes written the limits may be exceeded. */
    private volatile long enoughUntil = Long.MAX_VALUE;

    /** The limits could not be kept: until something is closed there is hardly anything to cull. */
    private volatile boolean stuck;

    /** There is something to look at, and the thread was told. */
    private volatile boolean woken;

    /** How often something was closed. */
    private final AtomicLong closes = new AtomicLong();

    /** Only for the thread, as all below. */
    private long stuckUntil;

    /** With so many bytes written the budget may be exceeded. */
    private long withinBudgetUntil = Long.MAX_VALUE;

    private List<CachedObject> lastDryRun = List.of();

    Upkeep(CachefilesChannel channel, CullingPolicy policy, OnDemandListener listener) {
        this.channel = channel;
        this.policy = policy;
        this.listener = listener;
        this.interval = policy.interval().toNanos();
        this.woken = policy.budget().isPresent();
        this.thread = Thread.ofPlatform().name("cachefiles-upkeep").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    boolean isCurrentThread() {
        return Thread.currentThread() == thread;
    }

    /** Ends what is under way and waits for it. Must be called before the channel closes. */
    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
        CacheKeeper current = keeper;
        if (current != null) {
            current.close();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // it ends between two culls at the latest
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void opened(CacheObject object) {
        CacheKeeper current = keeper;
        if (current != null) {
            current.used(object);
        }
        wrote(VOLUME_BYTES);
    }

    @Override
    public void closed(CacheObject object) {
        CacheKeeper current = keeper;
        if (current != null) {
            current.closed(object);
        }
        closes.incrementAndGet();
        if (stuck) {
            wake();
        }
    }

    @Override
    public void wrote(long bytes) {
        if (written.addAndGet(bytes) > enoughUntil) {
            wake();
        }
    }

    private void wake() {
        if (!woken) {
            woken = true;
            LockSupport.unpark(thread);
        }
    }

    @Override
    public boolean makeRoom() {
        CacheKeeper current = keeper;
        if (current == null || stopped || policy.isDryRun()) {
            return false;
        }
        try {
            if (!current.isShortOfSpace()) {
                return false;
            }
            CullReport report = current.keep(() -> true);
            wake(); // for the rest
            tell(report);
            return report.hasCulled() || !current.isShortOfSpace();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (IOException e) {
            complain(e);
            return false;
        }
    }

    private void run() {
        long next = channel.time().nanoTime();
        while (!stopped) {
            if (woken || channel.time().nanoTime() - next >= 0) {
                boolean soon = look();
                next = channel.time().nanoTime() + (soon ? SOON : interval);
            } else {
                channel.time().parkUntil(this, next);
            }
        }
    }

    /** Looks, and culls if need be; whether to look again soon. */
    private boolean look() {
        boolean asked = woken;
        woken = false;
        boolean soon = false;
        try {
            CacheKeeper current = keeper;
            if (current == null) {
                current = new CacheKeeper(channel, policy);
                keeper = current;
                if (stopped) {
                    current.close(); // stop() may have missed it
                    return false;
                }
                current.emptyGraveyard();
            }
            if (isDue(current, asked)) {
                keep(current);
            }
            soon = current.isUnfinished();
            long room = written.get() + Math.max(0, current.headroom());
            enoughUntil = stuck ? Long.MAX_VALUE : Math.min(room, withinBudgetUntil);
            if (written.get() > enoughUntil) {
                woken = true; // those who wrote it did not know
            }
            complaint = "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            becomeStuck();
            if (!stopped && channel.isOpen()) {
                complain(e);
            }
        }
        return soon;
    }

    private boolean isDue(CacheKeeper current, boolean asked) throws IOException {
        if (current.isUnfinished()) {
            return true;
        }
        if (stuck) {
            return asked || channel.time().nanoTime() - stuckUntil >= 0;
        }
        return (asked && policy.budget().isPresent()) || current.isShortOfSpace();
    }

    private void keep(CacheKeeper current) throws IOException, InterruptedException {
        long closed = closes.get();
        long before = written.get();
        CullReport report = current.keep(() -> woken || stopped);
        // What is written meanwhile counts, though the look may have seen it.
        withinBudgetUntil = before + Math.max(0, policy.budget().orElse(Long.MAX_VALUE / 2) - report.usedBytes());
        if (report.enough() && !report.dryRun()) {
            stuck = false;
        } else {
            becomeStuck();
            if (closed != closes.get()) {
                woken = true; // the look may have come too early for it
            }
        }
        // A dry run finds the same again and again.
        if (!report.dryRun() || !report.culled().equals(lastDryRun)) {
            lastDryRun = report.culled();
            tell(report);
        }
    }

    private void becomeStuck() {
        stuck = true;
        enoughUntil = Long.MAX_VALUE;
        stuckUntil = channel.time().nanoTime() + STUCK_INTERVALS * interval;
    }

    private void tell(CullReport report) {
        if (report.hasCulled()) {
            listener.culled(report);
        }
    }

    private void complain(Exception e) {
        String text = String.valueOf(e);
        if (!text.equals(complaint)) {
            complaint = text;
            listener.trouble(new IOException("the cache cannot be kept within its limits", e));
        }
    }
}
