// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A clock that stands still but for those who sleep, to whom the time has passed at once. */
class ManualTicker implements Ticker {
    private long now = 1_000_000_000_000L;
    final List<Duration> sleeps = new ArrayList<>();

    @Override
    public synchronized long nanoTime() {
        return now;
    }

    @Override
    public synchronized void sleep(long nanos) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        sleeps.add(Duration.ofNanos(nanos));
        now += Math.max(0, nanos);
    }

    synchronized void advance(Duration time) {
        now += time.toNanos();
    }

    synchronized Duration slept() {
        return sleeps.stream().reduce(Duration.ZERO, Duration::plus);
    }

    /** A deadline by this clock. */
    Deadline in(Duration time) {
        long end = nanoTime() + time.toNanos();
        return () -> end - nanoTime();
    }
}
