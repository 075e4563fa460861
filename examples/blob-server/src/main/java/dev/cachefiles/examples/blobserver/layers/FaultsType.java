// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.layers;

import dev.cachefiles.blob.layer.BlobLayer;
import dev.cachefiles.blob.layer.CorruptingSource;
import dev.cachefiles.blob.layer.DelayingSource;
import dev.cachefiles.blob.layer.FailingSource;
import dev.cachefiles.blob.layer.Ticker;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import java.time.Duration;
import java.util.List;

/** Makes reads fail, late or wrong at random. */
public final class FaultsType implements LayerType {
    private static final int WHOLE = 100;
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private static final Setting<Integer> FAIL =
            Setting.count("fail", "reads in a hundred that fail", 0, WHOLE).defaultsTo("0");
    private static final Setting<Integer> CORRUPT = Setting.count(
                    "corrupt", "reads in a hundred that have a wrong byte", 0, WHOLE)
            .defaultsTo("0");
    private static final Setting<Duration> SHORTEST_DELAY = Setting.time(
                    "shortest-delay", "each read waits at least that long", Duration.ZERO, LONGEST)
            .defaultsTo("0");
    private static final Setting<Duration> LONGEST_DELAY = Setting.time(
                    "longest-delay", "and at most that long", Duration.ZERO, LONGEST)
            .defaultsTo("0");
    private static final Setting<Integer> SEED = Setting.count(
                    "seed", "the same one gives the same faults", 0, Integer.MAX_VALUE)
            .defaultsTo("1");

    /** Makes the kind. */
    public FaultsType() {}

    @Override
    public String name() {
        return "faults";
    }

    @Override
    public String description() {
        return "makes reads fail, late or wrong at random, to see how all else takes it";
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(FAIL, CORRUPT, SHORTEST_DELAY, LONGEST_DELAY, SEED);
    }

    @Override
    public BlobLayer create(String source, Settings settings) throws java.io.IOException {
        if (settings.get(SHORTEST_DELAY).compareTo(settings.get(LONGEST_DELAY)) > 0) {
            throw settings.refuse(SHORTEST_DELAY, "is longer than " + LONGEST_DELAY.name());
        }
        long seed = settings.get(SEED);
        return (inner, key) -> {
            var corrupting = new CorruptingSource(inner, share(settings.get(CORRUPT)), seed);
            var failing = new FailingSource(corrupting, share(settings.get(FAIL)), seed);
            return new DelayingSource(
                    failing, settings.get(SHORTEST_DELAY), settings.get(LONGEST_DELAY), seed, Ticker.system());
        };
    }

    private static double share(int hundredths) {
        return (double) hundredths / WHOLE;
    }
}
