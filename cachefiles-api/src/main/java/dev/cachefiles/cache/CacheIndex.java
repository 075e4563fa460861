// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a cache holds, kept from one look to the next. The tree is read once; from then on only those objects are looked
 * up again that may have changed, which are those that this process has had open: while it has the device, nobody else
 * makes any.
 *
 * <p>Not safe for use by several threads.
 */
final class CacheIndex {

    /** Of a volume, besides its directories for hashes. */
    private static final int ITSELF = 1;

    private final CacheTree tree;
    private final Map<VolumeKey, Volume> volumes = new HashMap<>();
    private long bytes;

    /** Names are unique in a directory of a volume. */
    private record Place(int fanOut, String fileName) {
        static Place of(CachedObject object) {
            return new Place(object.fanOut(), object.fileName());
        }
    }

    private static final class Volume {
        private final long ownBytes;
        private final long ownFiles;
        private final Map<Place, CachedObject> objects = new HashMap<>();

        Volume(long ownBytes, long ownFiles) {
            this.ownBytes = ownBytes;
            this.ownFiles = ownFiles;
        }
    }

    CacheIndex(CacheTree tree) {
        this.tree = tree;
    }

    /** Reads the whole tree; if there is something more urgent meanwhile, nothing has happened, and this is false. */
    boolean load(BooleanSupplier hurry) throws CachefilesException {
        Optional<List<CachedVolume>> read = tree.volumes(hurry);
        if (read.isEmpty()) {
            return false;
        }
        volumes.clear();
        bytes = 0;
        for (CachedVolume volume : read.get()) {
            var entry = new Volume(
                    volume.allocatedBytes(), volume.files() - volume.objects().size());
            volumes.put(volume.key(), entry);
            bytes += entry.ownBytes;
            for (CachedObject object : volume.objects()) {
                entry.objects.put(Place.of(object), object);
                bytes += object.allocatedBytes();
            }
        }
        return true;
    }

    /** Looks one object up again; empty if it has no file, or none with a name. */
    Optional<CachedObject> refresh(VolumeKey volume, CookieKey cookie) throws CachefilesException {
        ObjectPath path;
        try {
            path = ObjectPath.of(volume, cookie);
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // it has a place that only the kernel knows
        }
        Volume entry = volumes.get(volume);
        if (entry == null) {
            entry = newVolume(path);
            if (entry == null) {
                return Optional.empty();
            }
            volumes.put(volume, entry);
            bytes += entry.ownBytes;
        }
        Optional<CachedObject> found = tree.object(volume, cookie, false);
        forget(entry, new Place(path.fanOut(), path.fileName()));
        if (found.isPresent()) {
            entry.objects.put(Place.of(found.get()), found.get());
            bytes += found.get().allocatedBytes();
        }
        return found;
    }

    /** A volume that was made since the tree was read, and so by the kernel just now: with directories all alike. */
    private @Nullable Volume newVolume(ObjectPath path) throws CachefilesException {
        long[] allocated = tree.allocatedOnTheWay(path);
        return allocated.length == 0
                ? null
                : new Volume(allocated[0] + ObjectPath.FAN_OUT * allocated[1], ITSELF + ObjectPath.FAN_OUT);
    }

    /** An object is there no more. */
    void remove(CachedObject object) {
        Volume entry = volumes.get(object.volume());
        if (entry != null) {
            forget(entry, Place.of(object));
        }
    }

    private void forget(Volume entry, Place place) {
        CachedObject before = entry.objects.remove(place);
        if (before != null) {
            bytes -= before.allocatedBytes();
        }
    }

    /** A volume is there no more. */
    void remove(VolumeKey volume) {
        Volume entry = volumes.remove(volume);
        if (entry != null) {
            bytes -= entry.ownBytes;
            entry.objects.values().forEach(object -> bytes -= object.allocatedBytes());
        }
    }

    /** All that is known, with the volumes' own directories. */
    long bytes() {
        return bytes;
    }

    /** All objects, in no order. */
    List<CachedObject> objects() {
        List<CachedObject> all = new ArrayList<>();
        volumes.values().forEach(volume -> all.addAll(volume.objects.values()));
        return all;
    }

    /** The volumes without an object. */
    List<VolumeKey> emptyVolumes() {
        return volumes.entrySet().stream()
                .filter(each -> each.getValue().objects.isEmpty())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** How many objects a volume has. */
    int count(VolumeKey volume) {
        Volume entry = volumes.get(volume);
        return entry == null ? 0 : entry.objects.size();
    }

    /** Bytes that a volume takes without its objects. */
    long ownBytes(VolumeKey volume) {
        Volume entry = volumes.get(volume);
        return entry == null ? 0 : entry.ownBytes;
    }

    /** Files and directories that a volume has without its objects. */
    long ownFiles(VolumeKey volume) {
        Volume entry = volumes.get(volume);
        return entry == null ? 0 : entry.ownFiles;
    }
}
