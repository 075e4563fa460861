// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import dev.cachefiles.VolumeKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Who uses which blobs: the side of EROFS and fscache, fs/erofs/fscache.c.
 *
 * <p>Guarded by the kernel's lock.
 */
final class MountTable {
    private static final int MAX_NAME = 255;

    private final KernelCore core;
    private final Map<VolumeKey, Volume> volumes = new HashMap<>();

    /** Those whose last mount has gone, but whose CLOSE the daemon has not read yet. */
    private final Set<FakeObject> closing = new HashSet<>();

    /** A volume that mounts use. It stays with the cache in which it began, also when that is dead. */
    private static final class Volume {
        final CacheRecords.Entry record;
        final FakeCache cache;
        final Map<CookieKey, Blob> blobs = new HashMap<>();
        int mounts;

        Volume(CacheRecords.Entry record) {
            this.record = record;
            this.cache = record.cache();
        }
    }

    /** A blob and those who share it. */
    private static final class Blob {
        final FakeObject object;
        final PendingRequest open;
        int users;

        Blob(FakeObject object, PendingRequest open) {
            this.object = object;
            this.open = open;
        }
    }

    MountTable(KernelCore core) {
        this.core = core;
    }

    /** Mounts; waits for the answers to the OPENs, one after the other. */
    Map<CookieKey, FakeObject> mount(MountSpec spec) throws IOException {
        checkNames(spec);
        awaitClosed(spec);
        Volume volume = volume(spec);
        volume.mounts++;
        var objects = new LinkedHashMap<CookieKey, FakeObject>();
        try {
            for (CookieKey name : spec.blobs()) {
                if (!objects.containsKey(name)) {
                    objects.put(name, blob(spec, volume, name));
                }
            }
            return objects;
        } catch (Throwable t) {
            release(spec, volume, objects);
            throw t;
        }
    }

    void unmount(MountSpec spec, Map<CookieKey, FakeObject> objects) {
        Volume volume = volumes.get(spec.volume());
        if (volume == null) {
            throw new IllegalStateException(spec + " is not mounted");
        }
        release(spec, volume, objects);
    }

    private static void checkNames(MountSpec spec) throws IOException {
        if (spec.fsid().length() == 0
                || spec.volumeName().length() == 0
                || spec.fsid().length() > MAX_NAME) {
            throw failed(spec, Errno.EINVAL);
        }
        if (spec.volume().length() > MAX_NAME) {
            throw failed(spec, Errno.ENOMEM);
        }
        // The volume's directory is called "I" and then as its key.
        boolean slash = spec.volumeName().toString().indexOf('/') >= 0;
        if (slash || 1 + spec.volume().length() > MAX_NAME) {
            throw failed(spec, Errno.ENOBUFS);
        }
        for (CookieKey name : spec.blobs()) {
            if (name.length() == 0) {
                throw failed(spec, Errno.EINVAL);
            }
            if (name.length() > 252) {
                throw new IllegalArgumentException(spec + ": a name of " + name.length()
                        + " bytes; a real kernel stops with a BUG for 253 to 255 (cachefiles_cook_key)");
            }
        }
    }

    /** A volume, or a blob in it, that is still being closed cannot be used again. */
    private void awaitClosed(MountSpec spec) {
        boolean free = core.awaitUnkillably(core.changed, () -> {
            closing.removeIf(FakeObject::isWithdrawn);
            return closing.stream().noneMatch(object -> isInTheWay(object, spec));
        });
        if (!free) {
            throw new HungReaderError(spec + " waits for the CLOSE of " + closing + ", which was not read within "
                    + core.settings.patience());
        }
    }

    private boolean isInTheWay(FakeObject object, MountSpec spec) {
        return object.volume().equals(spec.volume())
                && (!volumes.containsKey(spec.volume()) || spec.blobs().contains(object.cookie()));
    }

    private Volume volume(MountSpec spec) throws IOException {
        Volume volume = volumes.get(spec.volume());
        if (volume != null) {
            if (spec.domain().isEmpty()) {
                throw failed(spec, Errno.EBUSY);
            }
            if (volume.blobs.containsKey(spec.fsid())) {
                throw failed(spec, Errno.EEXIST);
            }
            if (!volume.cache.isUsable()) {
                throw failed(spec, Errno.ENOBUFS);
            }
            return volume;
        }
        CacheRecords.Entry record = core.records.any();
        if (record == null || !record.cache().isUsable()) {
            throw failed(spec, Errno.ENOBUFS);
        }
        FakeCache cache = record.cache();
        if (!cache.isOnDemand()) {
            throw failed(spec, Errno.EIO);
        }
        if (!cache.store().canLookUp(spec.volume())) {
            throw failed(spec, Errno.ENOBUFS);
        }
        record.volumeBegins();
        cache.store().begin(spec.volume());
        volume = new Volume(record);
        volumes.put(spec.volume(), volume);
        return volume;
    }

    private FakeObject blob(MountSpec spec, Volume volume, CookieKey name) throws IOException {
        Blob blob = volume.blobs.get(name);
        if (blob == null) {
            if (!volume.cache.isUsable()) {
                throw failed(spec, Errno.ENOBUFS);
            }
            var object = new FakeObject(volume.cache, spec.volume(), name);
            if (!volume.cache.store().canLookUp(object)) {
                throw failed(spec, Errno.ENOBUFS);
            }
            blob = new Blob(object, volume.cache.sendOpen(object));
            volume.blobs.put(name, blob);
        }
        blob.users++;
        PendingRequest open = blob.open;
        try {
            await(spec, () -> open.done, open.completed, open);
            if (open.error != 0) {
                throw failed(spec, Errno.ENOBUFS);
            }
        } catch (Throwable t) {
            volume.cache.cancel(open, "(mount gave up)");
            leave(volume, blob);
            throw t;
        }
        return blob.object;
    }

    private void await(
            MountSpec spec, BooleanSupplier until, java.util.concurrent.locks.Condition condition, Object what) {
        if (!core.awaitUnkillably(condition, until)) {
            throw new HungReaderError(spec + " waited " + core.settings.patience() + " for " + what);
        }
    }

    private void release(MountSpec spec, Volume volume, Map<CookieKey, FakeObject> objects) {
        List<Blob> used = new ArrayList<>();
        objects.keySet().forEach(name -> {
            Blob blob = volume.blobs.get(name);
            if (blob != null) {
                used.add(blob);
            }
        });
        used.forEach(blob -> leave(volume, blob));
        volume.mounts--;
        if (volume.mounts == 0) {
            volumes.remove(spec.volume());
            volume.record.volumeEnds();
            volume.cache.store().end(spec.volume());
        }
    }

    private void leave(Volume volume, Blob blob) {
        blob.users--;
        if (blob.users > 0) {
            return;
        }
        volume.blobs.remove(blob.object.cookie());
        closing.add(blob.object);
        volume.cache.withdraw(blob.object);
    }

    private static CachefilesException failed(MountSpec spec, Errno errno) {
        return new CachefilesException(spec.toString(), errno);
    }
}
