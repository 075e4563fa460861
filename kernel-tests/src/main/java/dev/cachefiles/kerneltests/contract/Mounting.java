// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.Errno;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A mount(2) under way. */
public final class Mounting {
    private final MountOptions options;
    private final CompletableFuture<Mount> result;

    Mounting(MountOptions options, CompletableFuture<Mount> result) {
        this.options = options;
        this.result = result;
    }

    /** Waits until it is mounted. */
    public Mount mounted() {
        return Outcome.value(result, this);
    }

    /** Waits until it is mounted, or null if there is an error. */
    public @Nullable Mount mountedOrNull() {
        return Outcome.valueOrNull(result, this);
    }

    /** Waits for the error. */
    public Errno error() {
        return Outcome.error(result, this);
    }

    /** Tells whether the call has not returned. */
    public boolean isWaiting() {
        return !result.isDone();
    }

    @Override
    public String toString() {
        return "mount -o " + options;
    }
}
