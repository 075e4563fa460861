// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.cache.ObjectPath;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Supplier;
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

    /** Longest key that has a name of at most 255 bytes if it must be encoded. */
    private static final int LONGEST_ENCODED = 189;

    private final int blockSize;
    private final long blocks;
    private final long inodes;

    /** Directories of volumes, with the numbers of those in them. */
    private final Map<Directory, SortedSet<Integer>> volumes = new HashMap<>();

    /** What the kernel uses, as the inode flag {@code S_KERNEL_FILE} says; and how often. */
    private final Map<Object, Integer> inUse = new HashMap<>();

    private final Supplier<Instant> clock;
    private long graves;

    private final Map<Name, Stored> files = new HashMap<>();

    /** Blocks of all files, with a name or not. */
    private final BackingFile.BlockCount count = new BackingFile.BlockCount();

    /** Files, with a name or not, and directories of volumes. */
    private long usedInodes;

    /** Bytes that others than the cache take. */
    private long occupied;

    private boolean readOnly;

    /**
     * The directory of a volume.
     *
     * @param grave its name in the graveyard; empty while it is in the cache
     */
    record Directory(String root, VolumeKey volume, String grave) {}

    /** A file by its name. */
    record Name(Directory directory, CookieKey cookie) {
        ObjectPath path() {
            return ObjectPath.of(directory.volume, cookie);
        }

        /** Whether the file has a name of its own, and not one that the kernel cuts. */
        boolean isListed() {
            return cookie.length() <= LONGEST_ENCODED || isPlain();
        }

        private boolean isPlain() {
            for (byte b : cookie.bytes()) {
                if (b <= ' ' || b == '/') {
                    return false;
                }
            }
            return true;
        }
    }

    /** A file that has a name, the size of its object and the time of its last use. */
    record Stored(BackingFile file, long objectSize, Instant used) {}

    Disk(Settings settings, Supplier<Instant> clock) {
        this.clock = clock;
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
        var directory = new Directory(root, volume, "");
        if (!volumes.containsKey(directory)) {
            if (!canMakeDirectory(space)) {
                return false;
            }
            volumes.put(directory, new TreeSet<>());
        }
        SortedSet<Integer> made = volumes.get(directory);
        for (int fanOut = 0; fanOut < FAN_OUT; fanOut++) {
            if (!made.contains(fanOut)) {
                if (!canMakeDirectory(space)) {
                    return false;
                }
                made.add(fanOut);
            }
        }
        return true;
    }

    private boolean canMakeDirectory(SpaceCheck space) {
        if (!space.check(1, 0) || readOnly || freeInodes() == 0) {
            return false;
        }
        usedInodes++;
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
        Stored before = files.put(name(root, object), new Stored(file, object.size(), clock.get()));
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
        return new Name(new Directory(root, object.volume(), ""), object.cookie());
    }

    // What the kernel uses

    /** An object begins: its volume, and a file that has its name, are in use. The file is used now. */
    void begin(String root, FakeObject object) {
        Name name = name(root, object);
        inUse.merge(name.directory, 1, Integer::sum);
        inUse.merge(name, 1, Integer::sum);
        Stored stored = files.get(name);
        if (stored != null) {
            files.put(name, new Stored(stored.file, stored.objectSize, clock.get()));
        }
    }

    /** An object ends. */
    void end(String root, FakeObject object) {
        Name name = name(root, object);
        unmark(name.directory);
        unmark(name);
    }

    /** A volume begins, before its first object. */
    void begin(String root, VolumeKey volume) {
        inUse.merge(new Directory(root, volume, ""), 1, Integer::sum);
    }

    /** A volume ends. */
    void end(String root, VolumeKey volume) {
        unmark(new Directory(root, volume, ""));
    }

    private void unmark(Object what) {
        inUse.computeIfPresent(what, (key, count) -> count == 1 ? null : count - 1);
    }

    /** Whether a directory or file is in use. */
    boolean isInUse(Object what) {
        return inUse.containsKey(what);
    }

    // What can be seen of it

    /** The directories of volumes below a root, of those in the cache or of those in the graveyard. */
    List<Directory> volumes(String root, boolean inGraveyard) {
        return volumes.keySet().stream()
                .filter(directory -> directory.root.equals(root) && inGraveyard != directory.grave.isEmpty())
                .toList();
    }

    /** The numbers of the directories in that of a volume; null if there is no such volume. */
    @Nullable
    SortedSet<Integer> fanOuts(Directory directory) {
        return volumes.get(directory);
    }

    /** The files in a directory of a volume, by their names. */
    Map<String, Name> files(Directory directory, int fanOut) {
        Map<String, Name> found = new HashMap<>();
        for (Name name : files.keySet()) {
            if (name.directory.equals(directory) && name.isListed()) {
                ObjectPath path = name.path();
                if (path.fanOut() == fanOut) {
                    found.put(path.fileName(), name);
                }
            }
        }
        return found;
    }

    /** What a file is; it must exist. */
    Stored stored(Name name) {
        Stored stored = files.get(name);
        if (stored == null) {
            throw new IllegalStateException(name + " is gone");
        }
        return stored;
    }

    int blockSize() {
        return blockSize;
    }

    /** Deletes a file. */
    void remove(Name name) {
        Stored stored = files.remove(name);
        if (stored != null) {
            drop(stored.file);
        }
    }

    /** Deletes the directory in that of a volume; false if it is not empty. */
    boolean removeFanOut(Directory directory, int fanOut) {
        SortedSet<Integer> fanOuts = volumes.get(directory);
        if (fanOuts == null || !files(directory, fanOut).isEmpty()) {
            return false;
        }
        if (fanOuts.remove(fanOut)) {
            usedInodes--;
        }
        return true;
    }

    /** Deletes the directory of a volume; false if it is not empty. */
    boolean removeVolume(Directory directory) {
        SortedSet<Integer> fanOuts = volumes.get(directory);
        if (fanOuts == null || !fanOuts.isEmpty()) {
            return false;
        }
        volumes.remove(directory);
        usedInodes--;
        return true;
    }

    /** Moves a volume to the graveyard. */
    void bury(Directory directory) {
        SortedSet<Integer> fanOuts = volumes.remove(directory);
        if (fanOuts == null) {
            return;
        }
        graves++;
        var grave = new Directory(directory.root, directory.volume, String.format("%016x", graves));
        volumes.put(grave, fanOuts);
        for (Name name : List.copyOf(files.keySet())) {
            if (name.directory.equals(directory)) {
                files.put(new Name(grave, name.cookie), files.remove(name));
            }
        }
    }

    boolean holds(VolumeKey volume, CookieKey cookie) {
        return files.keySet().stream()
                .anyMatch(name -> name.directory.grave.isEmpty()
                        && name.directory.volume.equals(volume)
                        && name.cookie.equals(cookie));
    }
}
