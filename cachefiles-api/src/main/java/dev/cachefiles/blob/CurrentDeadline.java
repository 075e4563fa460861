// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import org.jspecify.annotations.Nullable;

/** The deadline of each thread; not in {@link Deadline}, where it would be public. */
final class CurrentDeadline {
    private static final ThreadLocal<CurrentDeadline> LOCAL = ThreadLocal.withInitial(CurrentDeadline::new);

    private @Nullable Deadline deadline;

    private CurrentDeadline() {}

    /** Gives the current thread's; null outside of a call. */
    static @Nullable Deadline get() {
        return LOCAL.get().deadline;
    }

    /** Sets the current thread's; gives the one before, to be set again afterwards. */
    static @Nullable Deadline set(@Nullable Deadline deadline) {
        CurrentDeadline current = LOCAL.get();
        Deadline before = current.deadline;
        current.deadline = deadline;
        return before;
    }
}
