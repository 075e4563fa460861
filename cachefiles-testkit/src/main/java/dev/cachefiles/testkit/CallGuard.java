// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.util.function.Supplier;

/**
 * Watches over one fd: no call may follow its close, and none may be under way. On a real kernel such a call would land
 * on whatever file has the number by then. A process that was killed makes no mistakes any more.
 *
 * <p>Safe for use by several threads.
 */
final class CallGuard {
    private final Supplier<String> subject;
    private final Journal journal;
    private int calls;
    private boolean closed;
    private boolean killed;

    CallGuard(Supplier<String> subject, Journal journal) {
        this.subject = subject;
        this.journal = journal;
    }

    synchronized void enter(String call) {
        if (closed && !killed) {
            throw journal.misuse(call + " of " + subject.get() + " after its close");
        }
        calls++;
    }

    synchronized void exit() {
        calls--;
    }

    synchronized void close() {
        if (killed) {
            return;
        }
        if (closed) {
            throw journal.misuse("second close of " + subject.get());
        }
        if (calls > 0) {
            throw journal.misuse("close of " + subject.get() + " while " + calls + " calls are under way");
        }
        closed = true;
    }

    synchronized void kill() {
        killed = true;
    }
}
