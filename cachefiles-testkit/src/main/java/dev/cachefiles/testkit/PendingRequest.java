// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.MessageId;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/** A request in the kernel's table. Guarded by the kernel's lock. */
final class PendingRequest {
    final KernelRequest.Kind kind;
    final FakeObject object;
    final long offset;
    final long length;

    /** Signalled when the request is done. */
    final Condition completed;

    int id;

    /** In the kernel's table; before that, it waits for a worker. */
    boolean sent;

    /** The mark NEW: to be delivered. */
    boolean fresh = true;

    boolean done;

    /** When its reader is to be killed, if at all. */
    FaultScript.Fault.@Nullable KillReader kill;

    boolean readerKilled;

    /** A negated errno or 0, once done. */
    int error;

    private @Nullable String deliveredTo;

    PendingRequest(KernelRequest.Kind kind, FakeObject object, long offset, long length, Condition completed) {
        this.kind = kind;
        this.object = object;
        this.offset = offset;
        this.length = length;
        this.completed = completed;
    }

    void delivered() {
        fresh = false;
        deliveredTo = Thread.currentThread().getName();
    }

    boolean isReadOf(FakeObject reader) {
        return kind == KernelRequest.Kind.READ && object == reader;
    }

    KernelRequest view() {
        return new KernelRequest(
                kind, new MessageId(id), object.volume(), object.cookie(), offset, length, deliveredTo != null);
    }

    /** What a test wants to know about a request that was not answered. */
    @Override
    public String toString() {
        if (!sent) {
            return kind + " " + object + ", not sent for want of a worker";
        }
        return view() + (deliveredTo == null ? "" : " to thread " + deliveredTo);
    }
}
