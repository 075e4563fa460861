// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * Finds what was dropped without being closed or answered, reports it to the logger {@code dev.cachefiles}, and does
 * what was left undone.
 *
 * <p>Safe for use by several threads.
 */
final class LeakGuard implements Runnable {
    private static final Logger LOG = System.getLogger("dev.cachefiles");
    private static final Cleaner CLEANER = Cleaner.create();

    private final String what;
    private final Runnable remedy;
    private volatile Cleaner.@Nullable Cleanable cleanable;
    private volatile boolean done;

    private LeakGuard(String what, Runnable remedy) {
        this.what = what;
        this.remedy = remedy;
    }

    /**
     * Watches an object.
     *
     * @param object what must not be dropped
     * @param what   says so, when it was
     * @param remedy what to do then; must not refer to the object
     */
    static LeakGuard watch(Object object, String what, Runnable remedy) {
        var guard = new LeakGuard(what, remedy);
        guard.cleanable = CLEANER.register(object, guard);
        return guard;
    }

    /** All is well: the object was closed or answered. */
    void done() {
        done = true;
        Cleaner.Cleanable registered = cleanable;
        if (registered != null) {
            registered.clean();
        }
    }

    @Override
    public void run() {
        if (done) {
            return;
        }
        LOG.log(Level.WARNING, what);
        try {
            remedy.run();
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, what, e);
        }
    }
}
