// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Runs what blocks in a thread of its own, which does not keep the virtual machine running. */
final class Async {

    private Async() {}

    static <T extends @Nullable Object> CompletableFuture<T> start(String name, Callable<T> task) {
        var result = new CompletableFuture<T>();
        Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable t) {
                result.completeExceptionally(t);
            }
        });
        return result;
    }
}
