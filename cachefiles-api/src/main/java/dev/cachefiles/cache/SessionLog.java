// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What this process knows of the objects that it has had open, and the file system does not tell or tells later.
 *
 * <p>Safe for use by several threads.
 */
final class SessionLog {

    /** How many uses are remembered; of others the file system knows more or less. */
    private static final int USES_KEPT = 1 << 16;

    /** The kernel names a file some milliseconds after its CLOSE, or never: if the object was refused or culled. */
    private static final long NAMED_WITHIN = TimeUnit.SECONDS.toNanos(30);

    /** When objects were opened or closed last; the longest ago first. */
    private final Map<Name, Instant> uses = new LinkedHashMap<>();

    /** What was opened or closed since it was looked up on the disk last. */
    private Map<Name, Change> changes = new HashMap<>();

    /** There were more changes than are remembered. */
    private boolean overflown;

    /** The keys of an object. */
    record Name(VolumeKey volume, CookieKey cookie) {
        static Name of(CacheObject object) {
            return new Name(object.volume(), object.cookie());
        }

        static @Nullable Name of(CachedObject object) {
            return object.cookie().isEmpty()
                    ? null
                    : new Name(object.volume(), object.cookie().get());
        }
    }

    /**
     * What has become of an object.
     *
     * @param bytes what it takes, if it was closed and has no name yet; 0 if it was opened
     * @param since when, by {@link System#nanoTime}
     */
    record Change(long bytes, long since) {

        /** Whether the file may still get its name. */
        boolean isSettling() {
            return bytes > 0 && System.nanoTime() - since < NAMED_WITHIN;
        }
    }

    /** The kernel has opened an object. */
    synchronized void used(CacheObject object) {
        changed(Name.of(object), 0);
    }

    /** The kernel has an object open. */
    synchronized void inUse(CacheObject object) {
        use(Name.of(object));
    }

    /** The kernel has closed an object. */
    synchronized void closed(CacheObject object) {
        changed(Name.of(object), Math.min(object.writtenBytes(), object.size().orElse(Long.MAX_VALUE)));
    }

    private void use(Name name) {
        uses.remove(name);
        uses.put(name, Instant.now());
        if (uses.size() > USES_KEPT) {
            uses.remove(uses.keySet().iterator().next());
        }
    }

    private void changed(Name name, long bytes) {
        use(name);
        changes.put(name, new Change(bytes, System.nanoTime()));
        if (changes.size() > USES_KEPT) {
            changes.clear();
            overflown = true;
        }
    }

    /** When an object was used last, if it is known. */
    synchronized Instant lastUse(@Nullable Name name) {
        Instant use = name == null ? null : uses.get(name);
        return use == null ? Instant.MIN : use;
    }

    /** The changes since this was asked last; null if there were too many, and anything may have changed. */
    synchronized @Nullable Map<Name, Change> takeChanges() {
        Map<Name, Change> taken = overflown ? null : changes;
        changes = new HashMap<>();
        overflown = false;
        return taken;
    }

    /** Keeps a change for the next look, unless there is a later one. */
    synchronized void keep(Name name, Change change) {
        changes.putIfAbsent(name, change);
    }
}
