// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import java.io.Closeable;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A mounted image: the side of those who read.
 *
 * <p>Safe for use by several threads, each of which stands for a reading process. A thread that is interrupted while it
 * waits for the daemon is a process that is killed.
 */
public final class FakeMount implements Closeable {
    private final KernelCore core;
    private final MountTable mounts;
    private final MountSpec spec;
    private final Map<CookieKey, FakeObject> objects;
    private final MissReader reader;

    /** Where a reader that goes on would read next, for each blob. */
    private final Map<CookieKey, Long> next = new HashMap<>();

    private int readers;
    private boolean mounted = true;

    FakeMount(KernelCore core, MountTable mounts, MountSpec spec, Map<CookieKey, FakeObject> objects) {
        this.core = core;
        this.mounts = mounts;
        this.spec = spec;
        this.objects = objects;
        this.reader = new MissReader(core);
    }

    /**
     * Reads a range of the primary blob. Waits for the daemon where it is not cached.
     *
     * @param offset byte offset in the blob, not negative; may be beyond the blob's size
     * @param length number of bytes, not negative
     * @return the bytes, zeros beyond the end of the cache file
     * @throws IllegalArgumentException        if an argument is negative
     * @throws java.io.InterruptedIOException  if the thread is interrupted while it waits; its interrupt status is set
     * @throws CachefilesException             with {@code EIO} if the daemon has answered without data, twice; or if
     *     the cache is dead. With {@code ENOBUFS} if the cache of this mount is gone
     * @throws IOException                     if the mount is unmounted
     * @throws HungReaderError                 if the daemon does not answer in time
     */
    public byte[] read(long offset, int length) throws IOException {
        return read(spec.fsid(), offset, length);
    }

    /**
     * Reads a range of a blob. Waits for the daemon where it is not cached.
     *
     * @param blob   the name of the blob: the fsid or a device
     * @param offset byte offset in the blob, not negative; may be beyond the blob's size
     * @param length number of bytes, not negative
     * @return the bytes, zeros beyond the end of the cache file
     * @throws IllegalArgumentException if an argument is negative, or the mount has no such blob
     * @throws IOException              as in {@link #read(long, int)}
     * @throws HungReaderError          if the daemon does not answer in time
     */
    public byte[] read(String blob, long offset, int length) throws IOException {
        return read(CookieKey.of(blob), offset, length);
    }

    /**
     * Reads a range of a blob. Waits for the daemon where it is not cached.
     *
     * @param blob   the name of the blob: the fsid or a device
     * @param offset byte offset in the blob, not negative; may be beyond the blob's size
     * @param length number of bytes, not negative
     * @return the bytes, zeros beyond the end of the cache file
     * @throws IllegalArgumentException if an argument is negative, or the mount has no such blob
     * @throws IOException              as in {@link #read(long, int)}
     * @throws HungReaderError          if the daemon does not answer in time
     */
    public byte[] read(CookieKey blob, long offset, int length) throws IOException {
        FakeObject object = objects.get(blob);
        if (object == null) {
            throw new IllegalArgumentException(spec + " has no blob " + blob);
        }
        if (offset < 0 || length < 0) {
            throw new IllegalArgumentException("range [" + offset + " +" + length + ") is negative");
        }
        core.lock.lock();
        try {
            if (!mounted) {
                throw new IOException(spec + " is unmounted");
            }
            readers++;
            try {
                boolean goesOn = next.getOrDefault(blob, -1L) == offset;
                next.put(blob, offset + length);
                return reader.read(object, offset, length, goesOn ? object.size() : 0);
            } finally {
                readers--;
            }
        } finally {
            core.lock.unlock();
        }
    }

    /**
     * Reads a range of the primary blob in a thread of its own.
     *
     * @param offset byte offset in the blob, not negative
     * @param length number of bytes, not negative
     * @return the bytes; completed exceptionally with what {@link #read(long, int)} throws
     */
    public CompletableFuture<byte[]> readAsync(long offset, int length) {
        return Async.start("fake-reader", () -> read(offset, length));
    }

    /**
     * Reads a range of a blob in a thread of its own.
     *
     * @param blob   the name of the blob: the fsid or a device
     * @param offset byte offset in the blob, not negative
     * @param length number of bytes, not negative
     * @return the bytes; completed exceptionally with what {@link #read(String, long, int)} throws
     */
    public CompletableFuture<byte[]> readAsync(String blob, long offset, int length) {
        return Async.start("fake-reader", () -> read(blob, offset, length));
    }

    /**
     * Unmounts. Each blob that no other mount uses is closed: the daemon gets a CLOSE if it has an fd for it. Does not
     * wait for that, as umount(2) does not; but the next mount of the same volume does.
     *
     * @throws CachefilesException with {@code EBUSY} while a thread reads; with {@code EINVAL} if it is unmounted
     */
    public void unmount() throws CachefilesException {
        core.lock.lock();
        try {
            if (!mounted) {
                throw new CachefilesException("u" + spec, Errno.EINVAL);
            }
            if (readers > 0) {
                throw new CachefilesException("u" + spec, Errno.EBUSY, readers + " readers are waiting");
            }
            mounted = false;
            mounts.unmount(spec, objects);
        } finally {
            core.lock.unlock();
        }
    }

    /**
     * Unmounts, unless that has been done.
     *
     * @throws CachefilesException with {@code EBUSY} while a thread reads
     */
    @Override
    public void close() throws CachefilesException {
        core.lock.lock();
        try {
            if (mounted) {
                unmount();
            }
        } finally {
            core.lock.unlock();
        }
    }

    /**
     * Gives what is mounted.
     *
     * @return the text, such as {@code mount fsid=a.img}
     */
    @Override
    public String toString() {
        return spec.toString();
    }
}
