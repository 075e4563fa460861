// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.cache.CacheKeeper;
import dev.cachefiles.cache.CachedObject;
import dev.cachefiles.cache.CullReport;
import dev.cachefiles.cache.CullingPolicy;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the cache of a session within its limits, on a thread of its own: no request waits for it but one that has found
 * no room.
 *
 * <p>The thread sleeps, and looks once in an interval whether the file system is short of room, which costs two system
 * calls. The tree is read only if that is so, if more was written since than the budget had left, or if what was mounted
 * then is not any more.
 *
 * <p>Safe for use by several threads.
 */
final class Upkeep implements CacheWatch {

    /** A volume that is made for an object takes this and some inodes, before a byte is written. */
    private static final long VOLUME_BYTES = 257 * 4096;

    /** If there is no need, the tree is not read for more than a tenth of the time. */
    private static final int PAUSE_FACTOR = 10;

    /** How many intervals pass before a cache is looked at again that cannot be brought within its limits. */
    private static final int STUCK_INTERVALS = 5;

    private final CachefilesChannel channel;
    private final CullingPolicy policy;
    private final OnDemandListener listener;
    private final long budget;
    private final Thread thread;
    private volatile @Nullable CacheKeeper keeper;
    private volatile String complaint = "";
    private volatile boolean stopped;

    /** What the cache takes at most: what it took when it was looked at, and all that was written since. */
    private final AtomicLong usedAtMost = new AtomicLong(Long.MAX_VALUE / 2);

    /** Objects that were closed; what was in use before can be culled then. */
    private final AtomicLong closes = new AtomicLong();

    /** The thread was woken for the budget and has not looked yet. */
    private volatile boolean woken;

    /** Only for the thread, as all below. */
    private long closesSeen;

    /** So many looks more must read the tree: a file that is closed has no name for a moment, and then it has one. */
    private int looksAfterClose;

    /** The limits could not be kept: until something is closed there is hardly anything to cull. */
    private boolean stuck;

    private long stuckUntil;
    private List<CachedObject> lastDryRun = List.of();

    /** When the tree may be read again. */
    private long notBefore;

    Upkeep(CachefilesChannel channel, CullingPolicy policy, OnDemandListener listener) {
        this.channel = channel;
        this.policy = policy;
        this.listener = listener;
        this.budget = policy.budget().orElse(Long.MAX_VALUE);
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
            current.used(object);
        }
        closes.incrementAndGet();
    }

    @Override
    public void wrote(long bytes) {
        if (usedAtMost.addAndGet(bytes) > budget && !woken) {
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
            CullReport report = current.keep();
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
        long interval = policy.interval().toNanos();
        long next = channel.time().nanoTime();
        notBefore = next;
        while (!stopped) {
            long due = woken && !stuck ? channel.time().nanoTime() : next;
            if (channel.time().nanoTime() - due >= 0) {
                look();
                next = channel.time().nanoTime() + interval;
            } else {
                channel.time().parkUntil(this, due);
            }
        }
    }

    private void look() {
        try {
            CacheKeeper current = keeper;
            if (current == null) {
                current = new CacheKeeper(channel, policy);
                keeper = current;
                if (stopped) {
                    current.close(); // stop() may have missed it
                    return;
                }
                current.emptyGraveyard();
            }
            if (isDue(current)) {
                keep(current);
            }
            complaint = "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            woken = false;
            if (!stopped && channel.isOpen()) {
                complain(e);
            }
        }
    }

    private boolean isDue(CacheKeeper current) throws IOException {
        woken = false;
        long closed = closes.get();
        if (closed != closesSeen) {
            closesSeen = closed;
            looksAfterClose = 2;
        }
        // Each time this is so, the tree is brought well below the budget, so that it does not come up soon again.
        if (usedAtMost.get() > budget && !stuck) {
            return true;
        }
        long now = channel.time().nanoTime();
        if (now - notBefore < 0) {
            return !stuck && current.isShortOfSpace();
        }
        boolean changed = looksAfterClose > 0;
        looksAfterClose -= changed ? 1 : 0;
        if (stuck && !changed) {
            return now - stuckUntil >= 0;
        }
        return (changed && budget != Long.MAX_VALUE) || current.isShortOfSpace();
    }

    private void keep(CacheKeeper current) throws IOException, InterruptedException {
        long before = usedAtMost.get();
        long start = channel.time().nanoTime();
        CullReport report = current.keep();
        // What was written meanwhile may be in the report or not.
        usedAtMost.updateAndGet(now -> report.usedBytes() + (now - before));
        stuck = !report.enough() || report.dryRun();
        long now = channel.time().nanoTime();
        notBefore = now + PAUSE_FACTOR * (now - start);
        stuckUntil = now + STUCK_INTERVALS * policy.interval().toNanos();
        // A dry run finds the same again and again.
        if (!report.dryRun() || !report.culled().equals(lastDryRun)) {
            lastDryRun = report.culled();
            tell(report);
        }
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
