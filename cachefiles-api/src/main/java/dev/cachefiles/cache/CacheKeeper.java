// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CacheOptions;
import dev.cachefiles.CacheOptions.Limits;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.cache.SessionLog.Change;
import dev.cachefiles.cache.SessionLog.Name;
import dev.cachefiles.protocol.NameCommand;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
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

    /** Objects that a daemon before this one has had open are found after so long. */
    private static final long LOAD_NANOS = TimeUnit.MINUTES.toNanos(10);

    /** The same if the limits cannot be kept with what is known. */
    private static final long LOAD_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** The tree is not read for more than a part of the time, however large it is. */
    private static final int PAUSE_FACTOR = 50;

    private static final int PERCENT = 100;

    private final CachefilesChannel channel;
    private final CullingPolicy policy;
    private final CacheCuller culler;
    private final SessionLog log = new SessionLog();
    private final ReentrantLock pass = new ReentrantLock();
    private volatile boolean closed;

    private volatile boolean unfinished;

    /** Guarded by {@link #pass}, as all below. */
    private final CacheIndex index;

    /** The index must not be trusted. */
    private boolean stale = true;

    /** When the tree was read, by {@link System#nanoTime}, and the time that it took. */
    private long loadedAt;

    private long loadTook;

    /** There are volumes that were culled and are not deleted yet. */
    private boolean hasGraves;

    /** What these take. */
    private long buriedBytes;

    /** What open objects took when they were measured. */
    private final Map<CacheObject, Measured> measured = new WeakHashMap<>();

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
        this.index = new CacheIndex(culler.tree());
    }

    /**
     * Notes that the kernel has opened an object.
     *
     * @param object the object
     */
    public void used(CacheObject object) {
        log.used(object);
    }

    /**
     * Notes that the kernel has closed an object: it counts until its file is seen to have a name.
     *
     * @param object the object
     */
    public void closed(CacheObject object) {
        log.closed(object);
    }

    /**
     * Tells whether the last look has left something to another one that should follow soon: files that were closed and
     * have no name yet, so that they cannot be culled though that is needed; or directories that are to be deleted.
     *
     * @return true if so
     */
    public boolean isUnfinished() {
        return unfinished;
    }

    /**
     * Gives how much can be written until the file system has less room than the kernel's limits ask for. Costs one
     * system call.
     *
     * @return number of bytes; negative if there is less already
     * @throws IOException if the file system does not tell
     */
    public long headroom() throws IOException {
        CacheSpace space = culler.tree().space();
        return space.freeBytes()
                - share(space.bytes(), channel.options().blockLimits().cull());
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
        return keep(() -> false);
    }

    /**
     * The same, in steps: what takes long, and gives little room, is left to the next look as soon as there is hurry. That
     * is to delete the directories of volumes that were culled, and to read the whole tree once more.
     *
     * @param hurry tells whether the cache should be looked at again; asked often
     * @return what was found and done; what is still to be deleted counts as used, and as freed
     * @throws InterruptedException if the thread is interrupted while it waits
     * @throws IOException          as in {@link #keep()}
     */
    public CullReport keep(BooleanSupplier hurry) throws IOException, InterruptedException {
        pass.lockInterruptibly();
        try {
            if (closed) {
                throw new IOException("the keeper of " + culler.tree().path() + " is closed");
            }
            return new Pass(hurry).run();
        } catch (Throwable t) {
            stale = true; // changes may have been lost
            throw t;
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

    private boolean isDueToLoad(long pause) {
        return stale || System.nanoTime() - loadedAt >= Math.max(pause, PAUSE_FACTOR * loadTook);
    }

    /** Reads the tree, unless it was read before and there is hurry; then that is done later. */
    private void load(BooleanSupplier hurry) throws CachefilesException {
        long start = System.nanoTime();
        if (!index.load(stale ? () -> false : hurry)) {
            return;
        }
        loadedAt = System.nanoTime();
        loadTook = loadedAt - start;
        stale = false;
    }

    /** One look at the cache. */
    private final class Pass {
        private final BooleanSupplier hurry;
        private final long start = System.nanoTime();
        private final Map<Name, Long> open = new HashMap<>();
        private final List<CachedObject> culled = new ArrayList<>();

        /** Volumes whose last object was culled just now. */
        private final Set<VolumeKey> emptied = new LinkedHashSet<>();

        /** What these take, which counts as freed: they go next. */
        private long emptiedBytes;

        private long emptiedFiles;

        private @Nullable CachefilesException failure;
        private int culledVolumes;
        private long freedBytes;
        private long freedFiles;
        private int inUse;
        private int pinned;

        /** What is not in the index: files that have no name. */
        private long unnamedBytes;

        private long inUseBytes;

        /** Some of these may have no name for a moment only. */
        private boolean settling;

        Pass(BooleanSupplier hurry) {
            this.hurry = () -> closed || hurry.getAsBoolean();
        }

        CullReport run() throws IOException {
            boolean loaded = measure();
            long before = used();
            long overBudget = overBudget();
            if (overBudget > 0 || shortage().exists()) {
                cull();
                if (!loaded && !policy.isDryRun() && !isEnough() && isDueToLoad(LOAD_AGAIN_NANOS)) {
                    load(hurry);
                    cull();
                }
            }
            if (hasGraves) {
                emptyGraveyard(hurry);
            }
            boolean enough = policy.isDryRun() ? freedBytes >= overBudget : isEnough();
            if (policy.isDryRun() && hasCulled()) {
                stale = true; // what would have been culled was taken from the index
            }
            if (failure != null && !enough && !hasCulled()) {
                throw failure;
            }
            unfinished = hasGraves || (!enough && settling);
            return report(policy.isDryRun() ? before : used(), enough);
        }

        /** Finds what the cache takes; tells whether the whole tree was read. */
        private boolean measure() throws IOException {
            for (CacheObject object : channel.openObjects()) {
                open.merge(Name.of(object), bytesOf(object), Math::max);
                log.inUse(object);
            }
            Map<Name, Change> changes = log.takeChanges();
            boolean load = changes == null || isDueToLoad(LOAD_NANOS);
            if (load) {
                load(changes == null ? () -> false : hurry);
            }
            for (Map.Entry<Name, Long> each : open.entrySet()) {
                Optional<CachedObject> found = refreshed(each.getKey());
                long bytes = found.map(CachedObject::allocatedBytes).orElse(each.getValue());
                unnamedBytes += found.isPresent() ? 0 : bytes;
                inUseBytes += bytes;
            }
            if (changes != null) {
                for (Map.Entry<Name, Change> each : changes.entrySet()) {
                    settle(each.getKey(), each.getValue());
                }
            }
            return load;
        }

        private Optional<CachedObject> refreshed(Name name) throws CachefilesException {
            return index.refresh(name.volume(), name.cookie());
        }

        private void settle(Name name, Change change) throws CachefilesException {
            if (!open.containsKey(name) && refreshed(name).isEmpty() && change.isSettling()) {
                unnamedBytes += change.bytes();
                settling = true;
                log.keep(name, change);
            }
        }

        private long used() {
            return index.bytes() + unnamedBytes + buriedBytes;
        }

        private long overBudget() {
            return used() > policy.budgetBytes() ? used() - policy.targetBytes() : 0;
        }

        private boolean isEnough() throws IOException {
            return used() <= policy.budgetBytes() && !shortage().exists();
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

        private Instant lastUsed(CachedObject object) {
            Instant here = log.lastUse(Name.of(object));
            return here.isAfter(object.lastUsed()) ? here : object.lastUsed();
        }

        private void cull() throws IOException {
            Shortage shortage = shortage();
            long bytes = freedBytes + Math.max(overBudget(), shortage.bytes());
            long files = freedFiles + shortage.files();
            List<CachedObject> candidates = index.objects();
            candidates.sort(Comparator.comparing(this::lastUsed));
            cullEmptyVolumes(bytes, files);
            int next = cullObjects(candidates, 0, bytes, files);
            buryEmptied();
            // What was deleted is free only after the file system has written its journal; the cache's own bytes are
            // written directly, so there is little else to write.
            while (!policy.isDryRun() && hasCulled()) {
                culler.tree().sync();
                shortage = shortage();
                if (shortage.exists() && hasGraves) {
                    emptyGraveyard(() -> closed);
                    culler.tree().sync();
                    shortage = shortage();
                }
                if ((isDone(bytes, files) && !shortage.exists()) || next == candidates.size() || closed) {
                    break;
                }
                next = cullObjects(
                        candidates,
                        next,
                        Math.max(bytes, freedBytes + shortage.bytes()),
                        Math.max(files, freedFiles + shortage.files()));
                buryEmptied();
            }
        }

        private void emptyGraveyard(BooleanSupplier until) {
            try {
                Graveyard.Emptied emptied = Graveyard.empty(culler.tree(), until);
                hasGraves = !emptied.finished();
                buriedBytes = hasGraves ? Math.max(0, buriedBytes - emptied.bytes()) : 0;
            } catch (CachefilesException e) {
                failed(e);
                hasGraves = false; // tried again with the next one
                buriedBytes = 0;
            }
        }

        private void cullEmptyVolumes(long bytes, long files) throws CachefilesException {
            for (VolumeKey volume : index.emptyVolumes()) {
                if (isDone(bytes, files)) {
                    return;
                }
                bury(volume);
            }
        }

        /** Culls until so much is freed; the index of the first candidate that was not tried. */
        private int cullObjects(List<CachedObject> candidates, int first, long bytes, long files)
                throws CachefilesException {
            int next = first;
            while (next < candidates.size() && !isDone(bytes, files)) {
                tryToCull(candidates.get(next));
                next++;
            }
            return next;
        }

        private boolean isDone(long bytes, long files) {
            return closed || (freedBytes + emptiedBytes >= bytes && freedFiles + emptiedFiles >= files);
        }

        private void tryToCull(CachedObject object) throws CachefilesException {
            Name name = Name.of(object);
            if (name != null && open.containsKey(name)) {
                inUse++;
                return;
            }
            if (name != null && policy.isPinned(name.volume(), name.cookie())) {
                pinned++;
                return;
            }
            CullResult result = cull(object);
            if (result == CullResult.IN_USE) {
                inUse++;
                return;
            }
            index.remove(object);
            if (result == CullResult.CULLED) {
                culled.add(object);
                freedBytes += object.allocatedBytes();
                freedFiles++;
            }
            if (index.count(object.volume()) == 0 && CacheCuller.canCullVolume(object.volume())) {
                emptied.add(object.volume());
                emptiedBytes += index.ownBytes(object.volume());
                emptiedFiles += index.ownFiles(object.volume());
            }
        }

        /** One file that cannot be culled must not keep others from it. */
        private CullResult cull(CachedObject object) throws CachefilesException {
            if (!NameCommand.canName(CacheTree.bytes(object.fileName()))) {
                failed(new CachefilesException(
                        object.toString(), Errno.EINVAL, "no command can have its name; delete it by hand"));
                return CullResult.IN_USE;
            }
            try {
                if (!policy.isDryRun()) {
                    return culler.cull(object);
                }
                return switch (culler.use(object)) {
                    case FREE -> CullResult.CULLED;
                    case IN_USE -> CullResult.IN_USE;
                    case ABSENT -> CullResult.ABSENT;
                };
            } catch (CachefilesException e) {
                failed(e);
                if (e.errno().equals(Errno.EIO) || e.errno().equals(Errno.EBADF)) {
                    throw e; // the whole cache is dead, or the channel closed
                }
                return CullResult.IN_USE;
            }
        }

        private void failed(CachefilesException e) {
            if (failure == null) {
                failure = e;
            }
        }

        private void buryEmptied() throws CachefilesException {
            for (VolumeKey volume : emptied) {
                bury(volume);
            }
            emptied.clear();
            emptiedBytes = 0;
            emptiedFiles = 0;
        }

        private void bury(VolumeKey volume) throws CachefilesException {
            if (!CacheCuller.canCullVolume(volume)) {
                return;
            }
            boolean gone =
                    policy.isDryRun() ? culler.use(volume) == UseState.FREE : culler.bury(volume) == CullResult.CULLED;
            if (gone) {
                culledVolumes++;
                freedBytes += index.ownBytes(volume);
                freedFiles += index.ownFiles(volume);
                if (!policy.isDryRun()) {
                    hasGraves = true;
                    buriedBytes += index.ownBytes(volume);
                }
                index.remove(volume);
            }
        }

        private boolean hasCulled() {
            return !culled.isEmpty() || culledVolumes > 0;
        }

        private CullReport report(long usedBytes, boolean enough) throws IOException {
            return new CullReport(
                    policy.isDryRun(),
                    culled,
                    culledVolumes,
                    freedBytes,
                    usedBytes,
                    inUseBytes,
                    inUse,
                    pinned,
                    culler.tree().space(),
                    enough,
                    Duration.ofNanos(System.nanoTime() - start));
        }
    }
}
