// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.Errno;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** A reader under way. */
public final class Reading {
    private static final int SIGTERM = 15;
    private static final int SIGKILL = 9;

    private final String name;
    private final CompletableFuture<byte[]> result;
    private final IntConsumer signal;

    Reading(String name, CompletableFuture<byte[]> result, IntConsumer signal) {
        this.name = name;
        this.result = result;
        this.signal = signal;
    }

    /** Waits for the bytes. */
    public byte[] bytes() {
        return Outcome.value(result, name);
    }

    /** Waits for the bytes, or null if there is an error. */
    public byte @Nullable [] bytesOrNull() {
        return Outcome.valueOrNull(result, name);
    }

    /** Waits for the error. */
    public Errno error() {
        return Outcome.error(result, name);
    }

    /** Tells whether the reader has not ended. */
    public boolean isWaiting() {
        return !result.isDone();
    }

    /** Sends SIGKILL and waits until the reader has died of it. */
    public void kill() {
        signal.accept(SIGKILL);
        awaitKilled();
    }

    /** Sends SIGTERM and waits until the reader has died of it. */
    public void terminate() {
        signal.accept(SIGTERM);
        awaitKilled();
    }

    /** Waits until a signal has ended the reader; gives its number. */
    public int awaitKilled() {
        Throwable failure = Outcome.failure(result, name);
        if (failure instanceof KilledException e) {
            return e.signal();
        }
        throw new AssertionError(name + " was not killed but: " + failure, failure);
    }

    @Override
    public String toString() {
        return name;
    }
}
