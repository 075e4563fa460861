// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.Errno;
import dev.cachefiles.VolumeKey;

/**
 * The directory that a cache is bound to: the side of cachefiles that deals with files, fs/cachefiles/namei.c.
 *
 * <p>Guarded by the kernel's lock.
 */
final class CacheStore {
    private final KernelCore core;
    private final String directory;
    private final SpaceCheck space;

    CacheStore(KernelCore core, String directory, SpaceCheck space) {
        this.core = core;
        this.directory = directory;
        this.space = space;
    }

    SpaceCheck space() {
        return space;
    }

    String directory() {
        return directory;
    }

    /** A volume is used from now on. */
    void begin(VolumeKey volume) {
        core.disk.begin(directory, volume);
    }

    /** A volume is not used any more, but for its objects that are not let go yet. */
    void end(VolumeKey volume) {
        core.disk.end(directory, volume);
    }

    /** An object is used from now on, until it is let go. */
    void begin(FakeObject object) {
        core.disk.begin(directory, object);
    }

    /** Whether the cache lets a volume begin: what fails here does so before any OPEN. */
    boolean canLookUp(VolumeKey volume) {
        return core.disk.makeVolume(directory, volume, space);
    }

    /** Whether the cache lets an object begin: what fails here does so before its OPEN. */
    boolean canLookUp(FakeObject object) {
        // A file of that name is opened for writing, of whatever size it is; else one is created.
        return core.disk.has(directory, object) ? !core.disk.isReadOnly() : canCreate();
    }

    private boolean canCreate() {
        return space.check(1, 0) && !core.disk.isReadOnly() && core.disk.freeInodes() > 0;
    }

    /** {@code __cachefiles_prepare_write}: whether there is space, also for what has its blocks already. */
    boolean canWrite(long length) {
        return space.check(0, core.roundUpToPage(length) / core.settings.pageSize());
    }

    /** Gives an object its file, now that its size is known; 0 or a negated errno. */
    int attachFile(FakeObject object) {
        long size = object.size();
        if (size > BackingFile.MAX_SIZE) {
            return KernelCore.error(Errno.EFBIG);
        }
        long fileSize = (size + Settings.FILE_SIZE_UNIT - 1) & -(long) Settings.FILE_SIZE_UNIT;
        BackingFile stored = core.disk.find(directory, object, size);
        if (stored != null) {
            stored.resize(fileSize);
            object.attach(stored, false, core.settings.attachDelay());
            return 0;
        }
        // One that was stored with another size is not to be used: it is replaced in the end.
        if (core.disk.has(directory, object) && !canCreate()) {
            return KernelCore.error(Errno.ENOBUFS);
        }
        object.attach(core.disk.create(fileSize), true, core.settings.attachDelay());
        return 0;
    }

    /**
     * Lets an object's file go, {@code cachefiles_clean_up_object}: a new one gets its name. False if the disk fails,
     * which ends the cache.
     */
    boolean letGo(FakeObject object) {
        core.disk.end(directory, object);
        BackingFile file = object.file();
        if (file == null) {
            return true;
        }
        if (!object.hasNewFile()) {
            space.stateChanged();
            return true;
        }
        if (core.disk.isReadOnly()) {
            core.disk.drop(file);
            return false;
        }
        core.disk.commit(directory, object, file);
        return true;
    }
}
