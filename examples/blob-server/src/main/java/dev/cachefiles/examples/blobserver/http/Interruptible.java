// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.Deadline;
import java.io.InterruptedIOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;

/** Waits that end with the deadline of the call. */
public final class Interruptible {

    private Interruptible() {}

    /**
     * Takes a lock.
     *
     * @param lock the lock
     * @param what what the wait is for, for messages
     * @throws InterruptedIOException at the deadline of the call, or if the thread is interrupted
     */
    public static void lock(Lock lock, String what) throws InterruptedIOException {
        Deadline deadline = Deadline.current();
        deadline.check();
        try {
            if (!lock.tryLock(deadline.nanosLeft(), TimeUnit.NANOSECONDS)) {
                throw new InterruptedIOException("the deadline has passed while " + what);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + what);
        }
    }
}
