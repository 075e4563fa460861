// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CacheOptions;
import dev.cachefiles.CacheOptions.Limits;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a bound cache within the limits of a {@link CullingPolicy}: culls the least recently used objects, and volumes
 * that have none left. {@link dev.cachefiles.OnDemandServer.Builder#culling} has it done by a server; those who drive
 * the loop themselves call {@link #keep} at times, from a thread of their own.
 *
 * <p>An object was used last when the kernel opened it, by the time of the file ({@code atime}), or when this process
 * had it open, whichever is later. What is open is in use. It takes space also where the kernel has not given its file a
 * name yet, so that it cannot be seen on the disk: then what was written through its fd counts.
 *
 * <p>Safe for use by several threads.
 */
public final class CacheKeeper implements Closeable {

    /** How many uses of this process are remembered; of others the file system knows more or less. */
    private static final int USES_KEPT = 1 << 16;

    private static final int PERCENT = 100;

    private final CachefilesChannel channel;
    private final CullingPolicy policy;
    private final CacheCuller culler;
    private final ReentrantLock pass = new ReentrantLock();
    private volatile boolean closed;

    /** Guarded by itself. */
    private final Map<Name, Instant> uses = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Name, Instant> eldest) {
            return size() > USES_KEPT;
        }
    };

    /** What open objects took when they were measured. Guarded by {@link #pass}. */
    private final Map<CacheObject, Measured> measured = new WeakHashMap<>();

    private record Name(VolumeKey volume, CookieKey cookie) {}

    /** So many bytes were in the file when so many had been written. */
    private record Measured(long bytes, long written) {}

    /**
     * Makes a keeper.
     *
     * @param channel the bound cache, which must stay open for as long as the keeper is used
     * @param policy  the rules
     * @throws UnsupportedOperationException if the channel's provider does not offer it
     * @throws IOException                   as in {@link CachefilesChannel#culler}
     */
    public CacheKeeper(CachefilesChannel channel, CullingPolicy policy) throws IOException {
        this.channel = channel;
        this.policy = policy;
        this.culler = channel.culler();
    }

    /**
     * Notes that an object is used now.
     *
     * @param object the object
     */
    public void used(CacheObject object) {
        synchronized (uses) {
            uses.put(new Name(object.volume(), object.cookie()), Instant.now());
        }
    }

    /**
     * Tells whether the file system has less room than the kernel's limits ask for. Costs two system calls.
     *
     * @return true if objects should be culled
     * @throws IOException if the channel is closed, or the file system does not tell
     */
    public boolean isShortOfSpace() throws IOException {
        return shortage().exists();
    }

    /** What the kernel's limits ask for, beyond what is free. */
    private record Shortage(long bytes, long files) {
        boolean exists() {
            return bytes > 0 || files > 0;
        }
    }

    /** The kernel's flag stays set until it looks again: it counts only while there is less than it wants. */
    private Shortage shortage() throws IOException {
        CacheOptions options = channel.options();
        CacheSpace space = culler.tree().space();
        boolean wanted = channel.isCullingWanted();
        return new Shortage(
                missing(space.freeBytes(), space.bytes(), options.blockLimits(), wanted),
                missing(space.freeFiles(), space.files(), options.fileLimits(), wanted));
    }

    private static long missing(long free, long total, Limits limits, boolean wanted) {
        long run = share(total, limits.run());
        boolean cull = free < share(total, limits.cull()) || (wanted && free < run);
        return cull ? run - free : 0;
    }

    private static long share(long total, int percent) {
        return total / PERCENT * percent;
    }

    /**
     * Looks at the cache, and culls what must be for the limits to be kept. Waits for another thread that does so.
     *
     * @return what was found and done
     * @throws InterruptedException if the thread is interrupted while it waits
     * @throws IOException          if the keeper or the channel is closed, or the cache cannot be read or culled; what
     *     was culled before stays so
     */
    public CullReport keep() throws IOException, InterruptedException {
        pass.lockInterruptibly();
        try {
            if (closed) {
                throw new IOException("the keeper of " + culler.tree().path() + " is closed");
            }
            return new Pass().run();
        } finally {
            pass.unlock();
        }
    }

    /**
     * Deletes volumes that an earlier process has culled and not deleted.
     *
     * @return how many there were
     * @throws IOException if they cannot be deleted
     */
    public int emptyGraveyard() throws IOException {
        return culler.emptyGraveyard();
    }

    /** Ends a pass that is under way, waits for it, and frees what the keeper holds. Does nothing the second time. */
    @Override
    public void close() {
        boolean first = !closed;
        closed = true;
        pass.lock();
        try {
            if (first) {
                culler.close();
            }
        } finally {
            pass.unlock();
        }
    }

    /** One look at the cache. */
    private final class Pass {
        private final long start = System.nanoTime();
        private final Map<Name, Long> open = new HashMap<>();
        private final Map<VolumeKey, Integer> left = new HashMap<>();
        private final Map<VolumeKey, CachedVolume> volumes = new HashMap<>();
        private final List<CachedObject> candidates = new ArrayList<>();
        private final List<CachedObject> culled = new ArrayList<>();
        private int culledVolumes;
        private long freedBytes;
        private long freedFiles;
        private int inUse;
        private int pinned;
        private long usedBytes;
        private long inUseBytes;

        CullReport run() throws IOException {
            measure();
            long overBudget = usedBytes > policy.budgetBytes() ? usedBytes - policy.targetBytes() : 0;
            Shortage shortage = shortage();
            long bytes = Math.max(overBudget, shortage.bytes());
            long files = shortage.files();
            if (bytes > 0 || files > 0) {
                candidates.sort(Comparator.comparing(this::lastUsed));
                cullEmptyVolumes(bytes, files);
                int next = cullObjects(0, bytes, files);
                // What was deleted is free only after the file system has written its journal; the cache's own bytes
                // are
                // written directly, so there is little else to write.
                while (!policy.isDryRun() && hasCulled()) {
                    culler.tree().sync();
                    shortage = shortage();
                    if (!shortage.exists() || next == candidates.size() || closed) {
                        break;
                    }
                    next = cullObjects(next, freedBytes + shortage.bytes(), freedFiles + shortage.files());
                }
            }
            return report(overBudget);
        }

        private void measure() throws IOException {
            for (CacheObject object : channel.openObjects()) {
                open.merge(new Name(object.volume(), object.cookie()), bytesOf(object), Math::max);
                used(object);
            }
            Set<Name> named = new HashSet<>();
            for (CachedVolume volume : culler.tree().volumes(false)) {
                volumes.put(volume.key(), volume);
                left.put(volume.key(), volume.objects().size());
                usedBytes += volume.totalBytes();
                for (CachedObject object : volume.objects()) {
                    candidates.add(object);
                    Name name = nameOf(object);
                    if (name != null && open.containsKey(name)) {
                        named.add(name);
                        inUseBytes += object.allocatedBytes();
                    }
                }
            }
            for (Map.Entry<Name, Long> each : open.entrySet()) {
                if (!named.contains(each.getKey())) {
                    usedBytes += each.getValue();
                    inUseBytes += each.getValue();
                }
            }
        }

        /** What an open object takes: looked up once, and then by what was written since. */
        private long bytesOf(CacheObject object) {
            long written = object.writtenBytes();
            Measured before = measured.get(object);
            long bytes;
            if (before == null) {
                bytes = written == 0 && object.size().isEmpty() ? 0 : filledBytes(object);
            } else {
                bytes = Math.min(
                        before.bytes + written - before.written, object.size().orElse(Long.MAX_VALUE));
            }
            measured.put(object, new Measured(bytes, written));
            return bytes;
        }

        private static long filledBytes(CacheObject object) {
            long bytes = 0;
            try {
                for (var data = object.fd().nextData(0); data.isPresent(); ) {
                    long hole = object.fd().nextHole(data.getAsLong()).orElse(data.getAsLong());
                    if (hole <= data.getAsLong()) {
                        break;
                    }
                    bytes += hole - data.getAsLong();
                    data = object.fd().nextData(hole);
                }
            } catch (IOException e) {
                // It has no file yet, or not any more.
            }
            return bytes;
        }

        private static @Nullable Name nameOf(CachedObject object) {
            return object.cookie().isEmpty()
                    ? null
                    : new Name(object.volume(), object.cookie().get());
        }

        private Instant lastUsed(CachedObject object) {
            Name name = nameOf(object);
            synchronized (uses) {
                // Not get, which would count as a use of the entry.
                Instant here = name == null || !uses.containsKey(name) ? Instant.MIN : uses.get(name);
                return here.isAfter(object.lastUsed()) ? here : object.lastUsed();
            }
        }

        private void cullEmptyVolumes(long bytes, long files) throws CachefilesException {
            for (CachedVolume volume : volumes.values()) {
                if (isDone(bytes, files)) {
                    return;
                }
                if (volume.objects().isEmpty()) {
                    cullWhole(volume);
                }
            }
        }

        /** Culls until so much is freed; the index of the first candidate that was not tried. */
        private int cullObjects(int first, long bytes, long files) throws CachefilesException {
            int next = first;
            while (next < candidates.size() && !isDone(bytes, files)) {
                tryToCull(candidates.get(next));
                next++;
            }
            return next;
        }

        private boolean isDone(long bytes, long files) {
            return closed || (freedBytes >= bytes && freedFiles >= files);
        }

        private void tryToCull(CachedObject object) throws CachefilesException {
            Name name = nameOf(object);
            if (name != null && open.containsKey(name)) {
                inUse++;
                return;
            }
            if (name != null && policy.isPinned(name.volume, name.cookie)) {
                pinned++;
                return;
            }
            CachedVolume volume = volumes.get(object.volume());
            boolean last = left.getOrDefault(object.volume(), 0) == 1;
            CullResult result = last && volume != null && cullWhole(volume) ? CullResult.CULLED : cull(object);
            if (result == CullResult.IN_USE) {
                inUse++;
                return;
            }
            left.merge(object.volume(), -1, Integer::sum);
            if (result == CullResult.CULLED) {
                culled.add(object);
                freedBytes += object.allocatedBytes();
                freedFiles++;
            }
        }

        private CullResult cull(CachedObject object) throws CachefilesException {
            if (!policy.isDryRun()) {
                return culler.cull(object);
            }
            return switch (culler.use(object)) {
                case FREE -> CullResult.CULLED;
                case IN_USE -> CullResult.IN_USE;
                case ABSENT -> CullResult.ABSENT;
            };
        }

        private boolean cullWhole(CachedVolume volume) throws CachefilesException {
            if (!CacheCuller.canCullVolume(volume.key())) {
                return false;
            }
            boolean gone = policy.isDryRun()
                    ? culler.use(volume.key()) == UseState.FREE
                    : culler.cullVolume(volume.key()) == CullResult.CULLED;
            if (gone) {
                culledVolumes++;
                freedBytes += volume.allocatedBytes();
                freedFiles += volume.files() - volume.objects().size();
            }
            return gone;
        }

        private boolean hasCulled() {
            return !culled.isEmpty() || culledVolumes > 0;
        }

        private CullReport report(long overBudget) throws IOException {
            long usedNow = policy.isDryRun() ? usedBytes : usedBytes - freedBytes;
            boolean enough = policy.isDryRun()
                    ? freedBytes >= overBudget
                    : usedNow <= policy.budgetBytes() && !shortage().exists();
            return new CullReport(
                    policy.isDryRun(),
                    culled,
                    culledVolumes,
                    freedBytes,
                    usedNow,
                    inUseBytes,
                    inUse,
                    pinned,
                    culler.tree().space(),
                    enough,
                    Duration.ofNanos(System.nanoTime() - start));
        }
    }
}
