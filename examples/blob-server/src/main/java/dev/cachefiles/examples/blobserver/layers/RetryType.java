// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.layers;

import dev.cachefiles.blob.layer.BlobLayer;
import dev.cachefiles.blob.layer.Retry;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.time.Duration;
import java.util.List;

/** Tries again what has failed for the moment. */
public final class RetryType implements LayerType {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static final Setting<Integer> ATTEMPTS =
            Setting.count("attempts", "how often to try in all", 1, 100).defaultsTo("5");
    private static final Setting<Duration> FIRST = Setting.time(
                    "first-wait",
                    "wait up to that long before the second attempt, then up to twice as long each time",
                    Duration.ofMillis(1),
                    MINUTE)
            .defaultsTo("100ms");
    private static final Setting<Duration> LONGEST = Setting.time(
                    "longest-wait", "but never longer than that; nor beyond the deadline", Duration.ofMillis(1), MINUTE)
            .defaultsTo("5s");

    /** Makes the kind. */
    public RetryType() {}

    @Override
    public String name() {
        return "retry";
    }

    @Override
    public String description() {
        return "tries again what has failed for the moment";
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(ATTEMPTS, FIRST, LONGEST);
    }

    @Override
    public BlobLayer create(String source, Settings settings) throws java.io.IOException {
        if (settings.get(FIRST).compareTo(settings.get(LONGEST)) > 0) {
            throw settings.refuse(FIRST, "is longer than " + LONGEST.name());
        }
        return Retry.builder()
                .attempts(settings.get(ATTEMPTS))
                .waits(settings.get(FIRST), settings.get(LONGEST))
                .onRetry(failure -> LOG.log(
                        System.Logger.Level.INFO,
                        "source {0} is asked again after: {1}",
                        source,
                        Failures.describe(failure)))
                .build();
    }
}
