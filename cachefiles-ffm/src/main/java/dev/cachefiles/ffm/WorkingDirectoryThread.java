// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import dev.cachefiles.ffm.libc.FileCalls;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes calls in a directory of their own: on one thread that has left the working directory which all other threads of
 * the process share. Between calls that thread is in the root directory, so that it keeps none from being removed or
 * unmounted.
 *
 * <p>Safe for use by several threads; their calls are made one after the other. The thread starts with the first.
 */
final class WorkingDirectoryThread {
    private static final String ROOT = "/";

    private final ExecutorService executor = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("cachefiles-cull").factory());

    /** The thread that has a directory of its own. */
    private @Nullable Thread detached;

    /** Makes a call in an open directory; its result, or a negated errno if the directory cannot be had. */
    int call(int directory, IntSupplier call) {
        Future<Integer> result = executor.submit(() -> run(directory, call));
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return result.get();
                } catch (InterruptedException e) {
                    interrupted = true; // the kernel does what was begun, and the caller must know of it
                } catch (ExecutionException e) {
                    throw new IllegalStateException("a call in a directory of its own", e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private int run(int directory, IntSupplier call) {
        // Never without: chdir would move every thread of the process.
        if (detached != Thread.currentThread()) {
            int result = FileCalls.unshareWorkingDirectory();
            if (result < 0) {
                return result;
            }
            detached = Thread.currentThread();
        }
        int result = FileCalls.changeDirectory(directory);
        if (result < 0) {
            return result;
        }
        try {
            return call.getAsInt();
        } finally {
            FileCalls.changeDirectory(ROOT);
        }
    }

    /** Ends the thread. No call may be under way. */
    void close() {
        executor.shutdown();
    }
}
