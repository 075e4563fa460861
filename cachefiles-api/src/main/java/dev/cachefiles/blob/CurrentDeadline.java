// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import org.jspecify.annotations.Nullable;

/** The deadline of each thread; not in {@link Deadline}, where it would be public. */
final class CurrentDeadline {
    private static final ThreadLocal<CurrentDeadline> LOCAL = ThreadLocal.withInitial(CurrentDeadline::new);

    private @Nullable Deadline deadline;

    private CurrentDeadline() {}

    /** That of the current thread, which alone uses it. */
    static CurrentDeadline here() {
        return LOCAL.get();
    }

    /** Null outside of a call. */
    @Nullable
    Deadline get() {
        return deadline;
    }

    /** Gives the one before, to be set again afterwards. */
    @Nullable
    Deadline set(@Nullable Deadline value) {
        Deadline before = deadline;
        deadline = value;
        return before;
    }
}
