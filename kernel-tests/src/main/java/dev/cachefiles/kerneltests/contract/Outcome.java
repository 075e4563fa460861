// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Waits for what a process does, for a limited time. */
final class Outcome {
    private static final long TIMEOUT_SECONDS = 120;

    private Outcome() {}

    /** The result of what must succeed. */
    static <T> T value(CompletableFuture<T> future, Object what) {
        try {
            return await(future, what);
        } catch (ExecutionException e) {
            throw new AssertionError(what + " has failed: " + e.getCause(), e.getCause());
        }
    }

    /** The result of what may fail with an error; null if it does. */
    static <T> @Nullable T valueOrNull(CompletableFuture<T> future, Object what) {
        try {
            return await(future, what);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof CachefilesException) {
                return null;
            }
            throw new AssertionError(what + " has ended otherwise than with an error number: " + e.getCause(), e);
        }
    }

    /** The error of what must fail with one. */
    static Errno error(CompletableFuture<?> future, Object what) {
        Throwable failure = failure(future, what);
        if (failure instanceof CachefilesException e) {
            return e.errno();
        }
        throw new AssertionError(what + " has ended otherwise than with an error number: " + failure, failure);
    }

    static Throwable failure(CompletableFuture<?> future, Object what) {
        try {
            await(future, what);
        } catch (ExecutionException e) {
            return e.getCause();
        }
        throw new AssertionError(what + " has succeeded");
    }

    private static <T> T await(CompletableFuture<T> future, Object what) throws ExecutionException {
        try {
            return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError(what + " has not ended within " + TIMEOUT_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for " + what, e);
        }
    }
}
