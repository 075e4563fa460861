// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The disk with the cache directories: what outlives mounts and daemons. A file gets its name when its object is
 * withdrawn, as the kernel links it into its directory only then; until that it takes space all the same.
 *
 * <p>Guarded by the kernel's lock.
 */
final class Disk {

    /** Of each volume: {@code @00} to {@code @ff}. */
    private static final int FAN_OUT = 256;

    private final int blockSize;
    private final long blocks;
    private final long inodes;

    /** Directories of volumes, with how many of their own directories are made. */
    private final Map<Directory, Integer> volumes = new HashMap<>();

    private final Map<Name, Stored> files = new HashMap<>();

    /** Blocks of all files, with a name or not. */
    private final BackingFile.BlockCount count = new BackingFile.BlockCount();

    /** Files, with a name or not, and directories of volumes. */
    private long usedInodes;

    /** Bytes that others than the cache take. */
    private long occupied;

    private boolean readOnly;

    private record Directory(String root, VolumeKey volume) {}

    private record Name(Directory directory, CookieKey cookie) {}

    private record Stored(BackingFile file, long objectSize) {}

    Disk(Settings settings) {
        this.blockSize = settings.blockSize();
        this.blocks = settings.capacity() / blockSize;
        this.inodes = settings.inodes();
    }

    // Space, as statfs(2) gives it

    long blocks() {
        return blocks;
    }

    long inodes() {
        return inodes;
    }

    long freeBlocks() {
        long occupiedBlocks = (occupied + blockSize - 1) / blockSize;
        return Math.max(0, blocks - occupiedBlocks - count.used);
    }

    long freeInodes() {
        return Math.max(0, inodes - usedInodes);
    }

    long freeBytes() {
        return freeBlocks() * blockSize;
    }

    void occupy(long bytes) {
        occupied += bytes;
    }

    long occupied() {
        return occupied;
    }

    boolean isReadOnly() {
        return readOnly;
    }

    void readOnly(boolean newReadOnly) {
        readOnly = newReadOnly;
    }

    // Directories and files

    /**
     * Makes the directories of a volume, where they are missing. Each takes an inode, for which the cache must have
     * space ({@code cachefiles_get_directory}); false if it has none.
     */
    boolean makeVolume(String root, VolumeKey volume, SpaceCheck space) {
        var directory = new Directory(root, volume);
        int made = volumes.getOrDefault(directory, -1);
        while (made < FAN_OUT) {
            if (!space.check(1, 0) || readOnly || freeInodes() == 0) {
                return false;
            }
            made++;
            usedInodes++;
            volumes.put(directory, made);
        }
        return true;
    }

    /** Makes a file without a name. */
    BackingFile create(long size) {
        usedInodes++;
        return new BackingFile(blockSize, size, count);
    }

    /** Lets a file without a name go. */
    void drop(BackingFile file) {
        usedInodes--;
        file.free();
    }

    /** Gives a file its name; one that has the name already is replaced. */
    void commit(String root, FakeObject object, BackingFile file) {
        Stored before = files.put(name(root, object), new Stored(file, object.size()));
        if (before != null && before.file != file) {
            drop(before.file);
        }
    }

    /** Whether there is a file of that name, of whatever size. */
    boolean has(String root, FakeObject object) {
        return files.containsKey(name(root, object));
    }

    /** The stored file, if it was stored with the same object size: that is all that ties bytes to a name. */
    @Nullable
    BackingFile find(String root, FakeObject object, long objectSize) {
        Stored stored = files.get(name(root, object));
        return stored != null && stored.objectSize == objectSize ? stored.file : null;
    }

    private static Name name(String root, FakeObject object) {
        return new Name(new Directory(root, object.volume()), object.cookie());
    }

    boolean holds(VolumeKey volume, CookieKey cookie) {
        return files.keySet().stream()
                .anyMatch(name -> name.directory.volume.equals(volume) && name.cookie.equals(cookie));
    }
}
