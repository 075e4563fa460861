// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The work queue {@code fscache}, whose workers wait for OPENs and CLOSEs: with as many of them unanswered as there are
 * workers, nothing else is opened or closed.
 *
 * <p>Guarded by the kernel's lock.
 */
final class WorkQueue {

    /** {@code WQ_DFL_ACTIVE}. */
    private static final int WORKERS = 256;

    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private int working;

    /** Begins work when a worker is free; {@link #done} says that it has ended. */
    void queue(Runnable work) {
        waiting.add(work);
        next();
    }

    void done() {
        working--;
        next();
    }

    private void next() {
        while (working < WORKERS && !waiting.isEmpty()) {
            working++;
            waiting.remove().run();
        }
    }
}
