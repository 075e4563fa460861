// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.spi.TimeSource;
import dev.cachefiles.testkit.FaultScript.Fault;
import java.util.concurrent.locks.Condition;

/**
 * Those who poll the device, {@code cache->daemon_pollwq}. They look at the device when they come, at each wake-up and
 * when their time is over, and at no other time: a wake-up that the kernel does not make is missed here too.
 *
 * <p>Guarded by the kernel's lock, which is given up while a poller sleeps.
 */
final class Pollers {
    private final KernelCore core;
    private final Condition changed;

    /** Number of wake-ups so far. */
    private long wakeUps;

    /** Waits to come that end at once, as if there were a message. */
    private int repeats;

    Pollers(KernelCore core) {
        this.core = core;
        this.changed = core.lock.newCondition();
    }

    /** The kernel's wake-up, which can go wrong. */
    void wakeUp() {
        Fault fault = core.faults.pass(FaultScript.Point.WAKE_UP);
        if (fault instanceof Fault.DropWakeUp) {
            return;
        }
        if (fault instanceof Fault.RepeatWakeUp) {
            repeats++;
        }
        wakeAll();
    }

    /** Makes those who sleep look at what has changed, also when it is nothing of the kernel's. */
    void wakeAll() {
        wakeUps++;
        changed.signalAll();
    }

    /** Whether a wait that found a message is to be followed by one that finds none. */
    boolean takeRepeat() {
        if (repeats == 0) {
            return false;
        }
        repeats--;
        return true;
    }

    long wakeUps() {
        return wakeUps;
    }

    /**
     * Sleeps until a wake-up after the first {@code seen}, or a time on the kernel's clock, or without limit if that is
     * {@link Long#MAX_VALUE}. Whatever interrupts come: a poll does not end when its thread is interrupted.
     */
    void sleep(long seen, long nanos) {
        if (nanos == Long.MAX_VALUE) {
            while (wakeUps == seen) {
                changed.awaitUninterruptibly();
            }
        } else if (core.time instanceof VirtualTime virtual) {
            sleepVirtually(virtual, seen, nanos);
        } else {
            sleepReally(seen, nanos);
        }
    }

    private void sleepVirtually(VirtualTime time, long seen, long nanos) {
        long deadline = time.nanoTime() + nanos;
        VirtualTime.Sleeper sleeper = time.fallAsleep(nanos, () -> {
            core.lock.lock();
            try {
                changed.signalAll();
            } finally {
                core.lock.unlock();
            }
        });
        try {
            while (wakeUps == seen && time.nanoTime() < deadline) {
                changed.awaitUninterruptibly();
            }
        } finally {
            time.wakeUp(sleeper);
        }
    }

    private void sleepReally(long seen, long nanos) {
        TimeSource time = core.time;
        long deadline = time.nanoTime() + nanos;
        boolean interrupted = false;
        long left = nanos;
        while (wakeUps == seen && left > 0) {
            try {
                left = changed.awaitNanos(left);
            } catch (InterruptedException e) {
                interrupted = true;
                left = deadline - time.nanoTime();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
