// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;

/**
 * The disk that caches of a {@link FakeKernel} lie on: its space, and what becomes of it.
 *
 * <p>Space is counted as {@code statfs(2)} does, in blocks. The cache compares it with its limits when it writes or
 * creates a file, not before: {@link FakeKernel#isCullingWanted} changes with such a call only.
 *
 * <p>Safe for use by several threads.
 */
public final class FakeDisk {
    private final KernelCore core;
    private final Runnable failure;

    FakeDisk(KernelCore core, Runnable failure) {
        this.core = core;
        this.failure = failure;
    }

    /**
     * Gives the space that is left.
     *
     * @return number of bytes, a multiple of the block size
     */
    public long free() {
        core.lock.lock();
        try {
            return core.disk.freeBytes();
        } finally {
            core.lock.unlock();
        }
    }

    /**
     * Takes space away, as files of others do.
     *
     * @param bytes number of bytes, not negative, rounded up to whole blocks
     * @throws IllegalArgumentException if {@code bytes} is negative, or more than is {@link #free}
     */
    public void occupy(long bytes) {
        core.lock.lock();
        try {
            if (bytes < 0 || bytes > core.disk.freeBytes()) {
                throw new IllegalArgumentException(
                        "cannot occupy " + bytes + " bytes of " + core.disk.freeBytes() + " free ones");
            }
            core.disk.occupy(bytes);
        } finally {
            core.lock.unlock();
        }
    }

    /**
     * Gives space back that others have taken.
     *
     * @param bytes number of bytes, not negative
     * @throws IllegalArgumentException if {@code bytes} is negative, or more than was {@linkplain #occupy occupied}
     */
    public void release(long bytes) {
        core.lock.lock();
        try {
            if (bytes < 0 || bytes > core.disk.occupied()) {
                throw new IllegalArgumentException(
                        "cannot release " + bytes + " bytes of " + core.disk.occupied() + " occupied ones");
            }
            core.disk.occupy(-bytes);
        } finally {
            core.lock.unlock();
        }
    }

    /**
     * Makes the file system read-only, as a kernel does after an error of the disk. Writes fail with {@code EROFS} from
     * then on; and when a blob that was opened for the first time is let go, so that its file should get its name, the
     * cache is dead.
     */
    public void makeReadOnly() {
        readOnly(true);
    }

    /** Makes the file system writable again. A cache that is dead stays so. */
    public void makeWritable() {
        readOnly(false);
    }

    private void readOnly(boolean readOnly) {
        core.lock.lock();
        try {
            core.disk.readOnly(readOnly);
        } finally {
            core.lock.unlock();
        }
    }

    /**
     * Lets the kernel find an error of the disk, {@code cachefiles_io_error}: the cache is dead. The device stays open,
     * but every command fails, and no message comes.
     */
    public void fail() {
        core.lock.lock();
        try {
            failure.run();
        } finally {
            core.lock.unlock();
        }
    }

    /**
     * Tells whether a blob has a file in a cache directory. It has one from the end of its first use on.
     *
     * @param volume the key of the volume
     * @param cookie the key of the blob
     * @return true if there is a file, whole or not
     */
    public boolean holds(VolumeKey volume, CookieKey cookie) {
        core.lock.lock();
        try {
            return core.disk.holds(volume, cookie);
        } finally {
            core.lock.unlock();
        }
    }
}
