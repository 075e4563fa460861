// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Logs the counts at times, from a thread of its own. */
final class StatsReporter {

    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");

    private final @Nullable ScheduledExecutorService timer;

    private StatsReporter(@Nullable ScheduledExecutorService timer) {
        this.timer = timer;
    }

    /**
     * Starts to report.
     *
     * @param stats    the counts
     * @param interval time between two reports; zero for none
     */
    static StatsReporter start(ServerStats stats, Duration interval) {
        if (interval.isZero()) {
            return new StatsReporter(null);
        }
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
                task -> Thread.ofPlatform().daemon().name("stats").unstarted(task));
        long millis = interval.toMillis();
        var _ = timer.scheduleAtFixedRate(
                () -> LOG.log(System.Logger.Level.INFO, "stats: {0}", stats.snapshot()),
                millis,
                millis,
                TimeUnit.MILLISECONDS);
        return new StatsReporter(timer);
    }

    void stop() {
        if (timer != null) {
            timer.shutdownNow();
        }
    }
}
