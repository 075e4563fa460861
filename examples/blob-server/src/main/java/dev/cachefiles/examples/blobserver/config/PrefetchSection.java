// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.config;

import dev.cachefiles.blob.layer.AccessLists;
import dev.cachefiles.blob.layer.IoPressure;
import dev.cachefiles.blob.layer.PrefetchListener;
import dev.cachefiles.blob.layer.Prefetcher;
import dev.cachefiles.blob.layer.TokenBucket;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The section {@code prefetch}: fetching blobs that are open before anyone asks. A change needs a restart.
 *
 * @param settings the settings
 */
public record PrefetchSection(Settings settings) {
    private static final long BURST = 4 << 20;

    private static final Setting<String> WHAT = Setting.choice(
                    "what",
                    "whole: all of each blob, what was read the last time first; recorded: only that; nothing: do not"
                            + " fetch ahead",
                    "nothing",
                    "recorded",
                    "whole")
            .defaultsTo("nothing");
    private static final Setting<Path> LISTS = Setting.path(
            "lists", "DIR", "where it is recorded what is read of each blob, the first time it is; made if missing");
    private static final Setting<Integer> THREADS =
            Setting.count("threads", "how many fetch at a time", 1, 64).defaultsTo("1");
    private static final Setting<Long> RATE =
            Setting.size("rate", "no more bytes a second than that; without: as fast as it goes", 4096);
    private static final Setting<Integer> PRESSURE = Setting.count(
            "pause-at", "pause while that many percent of the time are lost by waiting for disks", 1, 100);

    /** All settings of the section. */
    public static final List<Setting<?>> SETTINGS = List.of(WHAT, LISTS, THREADS, RATE, PRESSURE);

    /**
     * Opens the access lists.
     *
     * @return the lists, or empty if nothing is to be recorded
     * @throws IOException if their directory cannot be made
     */
    public Optional<AccessLists> lists() throws IOException {
        Optional<Path> directory = settings.find(LISTS);
        return directory.isPresent() ? Optional.of(new AccessLists(directory.get())) : Optional.empty();
    }

    /**
     * Makes what fetches ahead.
     *
     * @param lists    what was recorded
     * @param listener is told how it goes
     * @return the prefetcher, owned by the caller; or empty if nothing is to be fetched ahead
     */
    public Optional<Prefetcher> prefetcher(Optional<AccessLists> lists, PrefetchListener listener) {
        String what = settings.get(WHAT);
        if (what.equals("nothing")) {
            return Optional.empty();
        }
        Prefetcher.Builder builder = Prefetcher.builder()
                .whole(what.equals("whole"))
                .threads(settings.get(THREADS))
                .listener(listener);
        lists.ifPresent(recorded -> builder.lists(recorded::find));
        settings.find(RATE).ifPresent(rate -> builder.rate(new TokenBucket(rate, BURST)));
        settings.find(PRESSURE).ifPresent(percent -> builder.pauseWhile(new IoPressure(percent)));
        return Optional.of(builder.build());
    }
}
