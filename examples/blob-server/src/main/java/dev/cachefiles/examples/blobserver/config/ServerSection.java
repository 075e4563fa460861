// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.config;

import dev.cachefiles.OnDemandServer;
import dev.cachefiles.blob.Amplification;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The section {@code server}: how requests are served. A change needs a restart.
 *
 * @param settings the settings
 */
public record ServerSection(Settings settings) {
    /** The directory of the control socket unless another is named. */
    public static final String DEFAULT_RUNTIME = "/run/blob-server";

    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration HOUR = Duration.ofHours(1);

    private static final Setting<Integer> THREADS = Setting.count(
                    "threads",
                    "how many threads wait for the kernel; one is fastest for local files",
                    1,
                    OnDemandServer.Builder.MAX_THREADS)
            .defaultsTo("1");
    private static final Setting<String> HANDLERS = Setting.choice(
                    "handlers",
                    "where sources are asked: on the threads that wait for the kernel, or on virtual threads; auto:"
                            + " direct if all sources are local",
                    "auto",
                    "direct",
                    "virtual")
            .defaultsTo("auto");
    private static final Setting<Duration> OPEN_DEADLINE = Setting.time(
                    "open-deadline", "let a mount fail that cannot be served in that time", SHORTEST, HOUR)
            .defaultsTo("15s");
    private static final Setting<Duration> READ_DEADLINE = Setting.time(
                    "read-deadline", "let a read fail that cannot be served in that time", SHORTEST, HOUR)
            .defaultsTo("30s");
    private static final Setting<Long> LARGEST_FILL = Setting.size(
                    "largest-fill",
                    "fetch at most so much for a miss, with the bytes around what is asked for; 0: only what is asked"
                            + " for",
                    0)
            .defaultsTo("4MiB");
    private static final Setting<Duration> STATS = Setting.time(
                    "stats", "log counts of requests that often; 0: only at the end", Duration.ZERO, Duration.ofDays(1))
            .defaultsTo("0");
    /** The directory of the control socket. */
    public static final Setting<Path> RUNTIME = Setting.path(
                    "runtime",
                    "DIR",
                    "where the socket is by which other commands reach the daemon; made for its user only")
            .defaultsTo(DEFAULT_RUNTIME);

    private static final Setting<Duration> WATCH = Setting.time(
                    "watch",
                    "look that often whether the configuration file has changed, and reload it; 0: only on 'blob-server"
                            + " reload'",
                    Duration.ZERO,
                    HOUR)
            .defaultsTo("2s");

    /** All settings of the section. */
    public static final List<Setting<?>> SETTINGS =
            List.of(THREADS, HANDLERS, OPEN_DEADLINE, READ_DEADLINE, LARGEST_FILL, STATS, RUNTIME, WATCH);

    /**
     * Gives how many threads wait for the kernel.
     *
     * @return the number
     */
    public int threads() {
        return settings.get(THREADS);
    }

    /**
     * Tells whether sources are asked on virtual threads.
     *
     * @param allLocal whether all sources are local
     * @return whether it is so
     */
    public boolean virtualThreads(boolean allLocal) {
        String handlers = settings.get(HANDLERS);
        return handlers.equals("virtual") || (handlers.equals("auto") && !allLocal);
    }

    /**
     * Gives the deadline of OPENs.
     *
     * @return the time
     */
    public Duration openDeadline() {
        return settings.get(OPEN_DEADLINE);
    }

    /**
     * Gives the deadline of READs.
     *
     * @return the time
     */
    public Duration readDeadline() {
        return settings.get(READ_DEADLINE);
    }

    /**
     * Gives how much more than is asked for may be fetched for a miss.
     *
     * @return the limits
     */
    public Amplification amplification() {
        long largest = settings.get(LARGEST_FILL);
        return largest == 0
                ? Amplification.OFF
                : new Amplification(largest, Math.max(largest, Amplification.STANDARD.budget()));
    }

    /**
     * Gives the time between two reports.
     *
     * @return the time, or zero for none
     */
    public Duration statsInterval() {
        return settings.get(STATS);
    }

    /**
     * Gives the time between two looks at the configuration file.
     *
     * @return the time, or zero for none
     */
    public Duration watchInterval() {
        return settings.get(WATCH);
    }

    /**
     * Gives the directory of the control socket.
     *
     * @return the directory
     */
    public Path runtimeDirectory() {
        return settings.get(RUNTIME);
    }
}
