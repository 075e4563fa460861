// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.layer.PrefetchListener;
import dev.cachefiles.examples.blobserver.support.Failures;
import dev.cachefiles.examples.blobserver.support.Pace;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How far blobs have been fetched ahead.
 *
 * <p>Safe for use by several threads.
 */
final class PrefetchStatus implements PrefetchListener {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");

    private final Map<BlobKey, Run> running = new ConcurrentHashMap<>();
    private final LongSupplier clock;

    private record Run(long total, Pace pace, @Nullable String failure) {
        @Override
        public String toString() {
            String text = pace.done() + " of " + total + " bytes";
            return failure == null ? text + pace : text + ", given up: " + failure;
        }
    }

    PrefetchStatus() {
        this(System::nanoTime);
    }

    /** Makes one that measures by a given clock, in nanoseconds. */
    PrefetchStatus(LongSupplier clock) {
        this.clock = clock;
    }

    /** Gives a line for each blob that is under way or was given up. */
    Iterable<String> lines() {
        return running.entrySet().stream()
                .map(entry -> entry.getKey().printableName() + ": fetched ahead: " + entry.getValue())
                .sorted()
                .toList();
    }

    /** Forgets a blob that is not open any more. */
    void closed(BlobKey key) {
        running.remove(key);
    }

    @Override
    public void progress(BlobKey key, long done, long total) {
        long now = clock.getAsLong();
        running.compute(key, (blob, run) -> {
            boolean goesOn = run != null && run.failure() == null;
            return new Run(total, goesOn ? run.pace().at(done, now) : Pace.from(done, now), null);
        });
    }

    @Override
    public void completed(BlobKey key) {
        running.remove(key);
        LOG.log(System.Logger.Level.INFO, "{0}: all that was wanted was fetched ahead", key.printableName());
    }

    @Override
    public void failed(BlobKey key, Throwable cause, boolean givenUp) {
        String what = givenUp ? "given up until it is opened again" : "will be tried again";
        LOG.log(
                givenUp ? System.Logger.Level.WARNING : System.Logger.Level.INFO,
                "{0}: a part could not be fetched ahead, and {1}: {2}",
                key.printableName(),
                what,
                Failures.describe(cause));
        if (givenUp) {
            String why = Failures.describe(cause);
            long now = clock.getAsLong();
            running.compute(
                    key,
                    (blob, run) ->
                            run == null ? new Run(0, Pace.from(0, now), why) : new Run(run.total(), run.pace(), why));
        }
    }
}
