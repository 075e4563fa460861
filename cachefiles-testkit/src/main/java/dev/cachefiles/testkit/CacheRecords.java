// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What fscache remembers of caches, by tag. A record stays while its cache is bound or a volume refers to it; EROFS takes
 * the oldest, whatever its tag, also if its cache is gone.
 *
 * <p>Guarded by the kernel's lock.
 */
final class CacheRecords {
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, FakeCache> directories = new HashMap<>();

    /** A tag and the cache that was bound with it last. */
    static final class Entry {
        private final String tag;
        private FakeCache cache;
        private int volumes;

        private Entry(String tag, FakeCache cache) {
            this.tag = tag;
            this.cache = cache;
        }

        FakeCache cache() {
            return cache;
        }

        void volumeBegins() {
            volumes++;
        }

        void volumeEnds() {
            volumes--;
        }
    }

    void bind(String tag, FakeCache cache) {
        forget();
        for (Entry entry : entries) {
            if (entry.tag.equals(tag)) {
                entry.cache = cache;
                return;
            }
        }
        entries.add(new Entry(tag, cache));
    }

    /** A cache was bound to a directory. */
    void boundTo(String directory, FakeCache cache) {
        directories.put(directory, cache);
    }

    /** Whether a cache was ever bound to a directory, and so made its own directories there. */
    boolean wasBound(String directory) {
        return directories.containsKey(directory);
    }

    /** Whether the kernel uses a directory as a cache. */
    boolean isBound(String directory) {
        FakeCache cache = directories.get(directory);
        return cache != null && !cache.isGone();
    }

    /** Finds any cache, {@code fscache_lookup_cache} without a name. */
    @Nullable
    Entry any() {
        forget();
        return entries.isEmpty() ? null : entries.getFirst();
    }

    private void forget() {
        entries.removeIf(entry -> entry.volumes == 0 && entry.cache.isGone());
    }
}
