// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.layer.PrefetchListener;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.util.Locale;
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

    /** How many bytes were there when. */
    private record Mark(long done, long nanos) {}

    /** How far a blob is; its rate is that of the last two to four seconds. */
    private record Run(
            long total,
            Mark older,
            Mark newer,
            Mark last,
            @Nullable String failure) {
        private static final long SPAN_NANOS = 2_000_000_000L;

        static Run begun(long total, Mark now) {
            return new Run(total, now, now, now, null);
        }

        Run at(Mark now) {
            return now.nanos() - newer.nanos() < SPAN_NANOS
                    ? new Run(total, older, newer, now, null)
                    : new Run(total, newer, now, now, null);
        }

        Run givenUp(String why) {
            return new Run(total, older, newer, last, why);
        }

        @Override
        public String toString() {
            String text = last.done() + " of " + total + " bytes";
            if (failure != null) {
                return text + ", given up: " + failure;
            }
            long nanos = last.nanos() - older.nanos();
            double mebibytes = (double) (last.done() - older.done()) / (1 << 20);
            return nanos <= 0 ? text : text + String.format(Locale.ROOT, ", %.1f MiB/s", mebibytes * 1e9 / nanos);
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
        var now = new Mark(done, clock.getAsLong());
        running.compute(key, (blob, run) -> run == null || run.failure() != null ? Run.begun(total, now) : run.at(now));
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
            var now = new Mark(0, clock.getAsLong());
            running.compute(key, (blob, run) -> (run == null ? Run.begun(0, now) : run).givenUp(why));
        }
    }
}
