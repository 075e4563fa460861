// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.spi.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A clock that stands still until a test moves it.
 *
 * <p>Safe for use by several threads. Its monitor is the innermost lock: who sleeps is woken without it.
 */
final class VirtualTime implements TimeSource {

    /** Those who sleep, also when their time has come but they have not run since. */
    private final List<Sleeper> sleepers = new ArrayList<>();

    private long now;

    /** Who sleeps until a time; compared by identity. */
    static final class Sleeper {
        private final long until;
        private final Runnable alarm;

        private Sleeper(long until, Runnable alarm) {
            this.until = until;
            this.alarm = alarm;
        }
    }

    @Override
    public synchronized long nanoTime() {
        return now;
    }

    @Override
    public void parkUntil(Object blocker, long time) {
        Thread thread = Thread.currentThread();
        Sleeper sleeper = sleepUntil(time, () -> LockSupport.unpark(thread));
        if (sleeper == null) {
            return;
        }
        try {
            // An alarm that came before this has left a permit, so that it is not missed.
            LockSupport.park(blocker);
        } finally {
            wakeUp(sleeper);
        }
    }

    private synchronized @Nullable Sleeper sleepUntil(long time, Runnable alarm) {
        return time - now > 0 ? fallAsleep(time - now, alarm) : null;
    }

    /** Has an alarm called when the time is over, by whoever moves the clock. */
    synchronized Sleeper fallAsleep(long nanos, Runnable alarm) {
        long until = now + nanos;
        var sleeper = new Sleeper(until < now ? Long.MAX_VALUE : until, alarm);
        sleepers.add(sleeper);
        notifyAll();
        return sleeper;
    }

    synchronized void wakeUp(Sleeper sleeper) {
        sleepers.remove(sleeper);
    }

    void advance(Duration time) {
        List<Sleeper> due = new ArrayList<>();
        synchronized (this) {
            now = Math.addExact(now, time.toNanos());
            for (Sleeper sleeper : sleepers) {
                if (sleeper.until <= now) {
                    due.add(sleeper);
                }
            }
        }
        due.forEach(sleeper -> sleeper.alarm.run());
    }

    /** Waits in real time until so many sleep whose time has not come; false if the patience ends first. */
    synchronized boolean awaitSleepers(int count, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (sleepers.stream().filter(sleeper -> sleeper.until > now).count() < count) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return true;
    }
}
