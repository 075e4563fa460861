// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import org.jspecify.annotations.Nullable;

/**
 * A blob that mounts use, and what cachefiles knows of it: cookie and object of the kernel in one.
 *
 * <p>Guarded by the kernel's lock.
 */
final class FakeObject {

    /** {@code enum cachefiles_object_state}: whether the daemon has an fd. */
    private enum State {
        CLOSED,
        OPEN,
        REOPENING
    }

    /** {@code ondemand_id} before the first OPEN was delivered. */
    static final int NEVER_OPENED = 0;

    /** {@code CACHEFILES_ONDEMAND_ID_CLOSED}. */
    static final int ID_CLOSED = -1;

    private final FakeCache cache;
    private final VolumeKey volume;
    private final CookieKey cookie;

    private State state = State.CLOSED;
    private int id = NEVER_OPENED;
    private long size;
    private @Nullable BackingFile file;
    private boolean fileIsNew;
    private int refusalsLeft;
    private boolean withdrawn;
    private int readers;

    FakeObject(FakeCache cache, VolumeKey volume, CookieKey cookie) {
        this.cache = cache;
        this.volume = volume;
        this.cookie = cookie;
    }

    /** What an fd stands for that came too late to stand for anything. */
    static FakeObject none(FakeCache cache) {
        return new FakeObject(cache, VolumeKey.of("none"), CookieKey.of("none"));
    }

    FakeCache cache() {
        return cache;
    }

    VolumeKey volume() {
        return volume;
    }

    CookieKey cookie() {
        return cookie;
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    boolean isReopening() {
        return state == State.REOPENING;
    }

    void open() {
        state = State.OPEN;
    }

    void closed() {
        state = State.CLOSED;
    }

    void reopening() {
        state = State.REOPENING;
    }

    /** The id of the daemon's fd, {@link #NEVER_OPENED} or {@link #ID_CLOSED}. */
    int id() {
        return id;
    }

    void id(int newId) {
        id = newId;
    }

    boolean hasFd() {
        return id > 0;
    }

    /** What copen said, in bytes. */
    long size() {
        return size;
    }

    void size(long bytes) {
        size = bytes;
    }

    /** The cache file: null before copen and once withdrawn. */
    @Nullable
    BackingFile file() {
        return file;
    }

    /**
     * Gives the object its file, which is new or was found by its name; the daemon's next calls are refused all the
     * same, as the kernel attaches it later.
     */
    void attach(BackingFile newFile, boolean isNew, int refusals) {
        file = newFile;
        fileIsNew = isNew;
        refusalsLeft = refusals;
    }

    /** Whether the file has no name yet ({@code CACHEFILES_OBJECT_USING_TMPFILE}). */
    boolean hasNewFile() {
        return file != null && fileIsNew;
    }

    /** The file as the daemon's fd sees it: null for {@code ENOBUFS}. */
    @Nullable
    BackingFile fileForDaemon() {
        if (file != null && refusalsLeft > 0) {
            refusalsLeft--;
            return null;
        }
        return file;
    }

    /** A reader has got as far as a miss, so the file is attached by now. */
    void attached() {
        refusalsLeft = 0;
    }

    /** No reader can begin any more; those that have begun still have the file. */
    void withdrawn() {
        withdrawn = true;
    }

    boolean isWithdrawn() {
        return withdrawn;
    }

    void gone() {
        withdrawn = true;
        file = null;
    }

    /** Begins to read; false if the object is withdrawn. {@code fscache_begin_operation}. */
    boolean beginRead() {
        if (withdrawn || file == null) {
            return false;
        }
        readers++;
        return true;
    }

    void endRead() {
        readers--;
    }

    boolean hasReaders() {
        return readers > 0;
    }

    @Override
    public String toString() {
        return volume + "/" + cookie;
    }
}
