// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Holds those who come while it is shut. At first it is open. */
public final class Gate {
    private static final long PATIENCE_SECONDS = 60;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean shut;
    private int waiting;

    /** Shuts it. */
    public void shut() {
        lock.lock();
        try {
            shut = true;
        } finally {
            lock.unlock();
        }
    }

    /** Opens it. */
    public void open() {
        lock.lock();
        try {
            shut = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until it is open, or the thread is interrupted. */
    public void pass() {
        lock.lock();
        try {
            waiting++;
            changed.signalAll();
            while (shut) {
                changed.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            waiting--;
            lock.unlock();
        }
    }

    /** Waits until someone waits. */
    public void awaitVisitor() throws InterruptedException {
        lock.lock();
        try {
            long left = TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (waiting == 0) {
                left = changed.awaitNanos(left);
                if (left <= 0) {
                    throw new AssertionError("nobody has come to the gate");
                }
            }
        } finally {
            lock.unlock();
        }
    }
}
