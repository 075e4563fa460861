// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.AnonFile;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;

/**
 * The objects that the kernel has open here, and the order between reading messages and closing fds.
 *
 * <p>Safe for use by several threads.
 */
final class ObjectTable {

    private static final int RECENT = 1024;

    /** Most sizes that are kept for objects whose fd was given back; for others the cache file's size must do. */
    private static final int SIZES_KEPT = 4096;

    private final Map<ObjectId, CacheObject> objects = new ConcurrentHashMap<>();

    /**
     * The last object of those whose ids are the same in their low bits. Set when it is added and cleared when it is
     * removed, which the kernel never asks for before: so none stays here that is not in the table.
     */
    private final AtomicReferenceArray<@Nullable CacheObject> recent = new AtomicReferenceArray<>(RECENT);

    /** Sizes of objects whose fd was given back while the kernel had them open, for their re-OPEN. */
    private final Map<Name, Long> sizesGivenBack = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Name, Long> eldest) {
            return size() > SIZES_KEPT;
        }
    };

    /**
     * Shared by those who read messages, exclusive for closing an fd: a READ that was read just before its object's fd
     * closed could never be answered.
     */
    private final StampedLock delivery = new StampedLock();

    /** The fds of all objects, also of those that are not in the table any more; refers to nothing else. */
    private final Set<AnonFile> files;

    ObjectTable(Set<AnonFile> files) {
        this.files = files;
    }

    private record Name(VolumeKey volume, CookieKey cookie) {
        static Name of(CacheObject object) {
            return new Name(object.volume(), object.cookie());
        }
    }

    /** From now until {@link #endDelivery} no fd closes; returns the stamp for it. */
    long beginDelivery() {
        return delivery.readLock();
    }

    void endDelivery(long stamp) {
        delivery.unlockRead(stamp);
    }

    /** Waits until no message is being read; none is until {@link #resumeDelivery}. Returns the stamp for it. */
    long suspendDelivery() {
        return delivery.writeLock();
    }

    void resumeDelivery(long stamp) {
        delivery.unlockWrite(stamp);
    }

    void add(CacheObject object) {
        objects.put(object.id(), object);
        recent.set(object.id().bits() & (RECENT - 1), object);
        files.add(object.fd().file());
    }

    /** Costs no new object for most READs. */
    @Nullable
    CacheObject find(int id) {
        CacheObject object = recent.get(id & (RECENT - 1));
        return object != null && object.id().bits() == id ? object : objects.get(new ObjectId(id));
    }

    @Nullable
    CacheObject remove(ObjectId id) {
        CacheObject object = objects.remove(id);
        if (object != null) {
            forget(object);
        }
        return object;
    }

    private void forget(CacheObject object) {
        recent.compareAndSet(object.id().bits() & (RECENT - 1), object, null);
    }

    /** Removes an object, but not another that the kernel has given the same id since. */
    boolean remove(CacheObject object) {
        forget(object);
        return objects.remove(object.id(), object);
    }

    Collection<CacheObject> all() {
        return objects.values();
    }

    /** Gives the last use of an object back, and closes its fd unless a use was taken meanwhile. */
    void closeIfLast(CacheObject object, UseCount uses) {
        long stamp = delivery.writeLock();
        try {
            if (uses.release()) {
                // Still known here, so the kernel has not let it go and will open it again.
                if (remove(object)) {
                    object.size().ifPresent(size -> keepSize(object, size));
                }
                AnonFile file = object.fd().file();
                files.remove(file);
                file.close();
            }
        } finally {
            delivery.unlockWrite(stamp);
        }
    }

    private void keepSize(CacheObject object, long size) {
        synchronized (sizesGivenBack) {
            sizesGivenBack.put(Name.of(object), size);
        }
    }

    /** The size that the kernel was told for an object whose fd was given back. */
    OptionalLong keptSize(CacheObject object) {
        synchronized (sizesGivenBack) {
            Long size = sizesGivenBack.get(Name.of(object));
            return size == null ? OptionalLong.empty() : OptionalLong.of(size);
        }
    }

    void forgetSize(CacheObject object) {
        synchronized (sizesGivenBack) {
            sizesGivenBack.remove(Name.of(object));
        }
    }
}
