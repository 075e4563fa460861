// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import org.jspecify.annotations.Nullable;

/** The deadline of each thread; not in {@link Deadline}, where it would be public. */
final class CurrentDeadline {
    static final ThreadLocal<@Nullable Deadline> LOCAL = new ThreadLocal<>();

    private CurrentDeadline() {}
}
