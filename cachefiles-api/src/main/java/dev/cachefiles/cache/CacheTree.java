// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.spi.CacheFiles;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.FileStatus;
import dev.cachefiles.spi.FreeSpace;
import java.io.Closeable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.ServiceLoader;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A cache directory, read: which volumes and objects it has.
 *
 * <p>Works on any cache, bound or not, also while another process serves it. Then what it shows may be over at once. A
 * blob that is mounted for the first time is not shown: the kernel gives its file a name when the mount ends.
 *
 * <p>The directories in a cache belong to root, mode 0700; this needs to be root, or the capability
 * {@code CAP_DAC_READ_SEARCH}.
 *
 * <p>Safe for use by several threads, except that {@link #close} must be called when no other call is under way.
 */
public final class CacheTree implements Closeable {
    private static final byte[] CACHE = "cache".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] GRAVEYARD = "graveyard".getBytes(StandardCharsets.US_ASCII);

    /** What {@code cachefiles_set_object_xattr} in fs/cachefiles/xattr.c writes; the size of the object comes first. */
    private static final String ATTRIBUTE = "user.CacheFiles.cache";

    private static final int LONGEST_ATTRIBUTE = 512;
    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final Path path;
    private final CacheFiles files;
    private final int root;
    private final long device;
    private final int cache;
    private final int graveyard;

    private CacheTree(Path path, CacheFiles files, int root, int cache, int graveyard) {
        this.path = path;
        this.files = files;
        this.root = root;
        this.device = files.status(root).device();
        this.cache = cache;
        this.graveyard = graveyard;
    }

    /**
     * Opens a cache directory, with the provider found by {@link ServiceLoader}.
     *
     * @param directory the directory that the cache was bound with, which has {@code cache} and {@code graveyard} in it
     * @return the tree
     * @throws UnsupportedOperationException if there is no provider, or it cannot work on this platform
     * @throws CachefilesException           with {@code ENOENT} if there is no such directory, or no cache was ever
     *     bound to it; {@code ENOTDIR} or {@code ELOOP} if one of the two in it is something else; {@code EACCES}
     *     without the right to read it
     */
    public static CacheTree open(Path directory) throws CachefilesException {
        CachefilesProvider provider = ServiceLoader.load(CachefilesProvider.class)
                .findFirst()
                .orElseThrow(() -> new UnsupportedOperationException(
                        "no provider of the native side found; add the module dev.cachefiles.ffm"
                                + " (artifact dev.cachefiles:cachefiles-ffm)"));
        return open(directory, provider);
    }

    /**
     * Opens a cache directory, with a given provider.
     *
     * @param directory the directory
     * @param provider  what makes the system calls
     * @return the tree
     * @throws UnsupportedOperationException if the provider cannot work on this platform
     * @throws CachefilesException           as in {@link #open(Path)}
     */
    public static CacheTree open(Path directory, CachefilesProvider provider) throws CachefilesException {
        CacheFiles files = provider.files();
        int root = files.openRoot(directory);
        if (root < 0) {
            throw new CachefilesException(directory.toString(), Errno.ofResult(root));
        }
        int cache = files.openDirectory(root, CACHE);
        int graveyard = cache < 0 ? cache : files.openDirectory(root, GRAVEYARD);
        if (graveyard < 0) {
            if (cache >= 0) {
                files.close(cache);
            }
            files.close(root);
            Errno errno = Errno.ofResult(graveyard);
            throw new CachefilesException(
                    directory.toString(),
                    errno,
                    errno.equals(Errno.ENOENT) ? "no cache was bound to this directory yet" : "");
        }
        return new CacheTree(directory, files, root, cache, graveyard);
    }

    /**
     * Gives the directory.
     *
     * @return the path that the tree was opened with
     */
    public Path path() {
        return path;
    }

    /**
     * Reads the whole tree. Costs some hundred system calls for each volume, and three for each object.
     *
     * @return the volumes, in no order; names that the kernel would not use for a volume are passed over
     * @throws CachefilesException if the tree cannot be read
     */
    public List<CachedVolume> volumes() throws CachefilesException {
        return volumes(true, () -> false).orElseThrow();
    }

    /** Reads the whole tree without the sizes of objects, unless there is something more urgent to do meanwhile. */
    Optional<List<CachedVolume>> volumes(BooleanSupplier hurry) throws CachefilesException {
        return volumes(false, hurry);
    }

    private Optional<List<CachedVolume>> volumes(boolean withSizes, BooleanSupplier hurry) throws CachefilesException {
        List<CachedVolume> found = new ArrayList<>();
        for (byte[] name : names(cache)) {
            if (hurry.getAsBoolean()) {
                return Optional.empty();
            }
            Optional<VolumeKey> key = ObjectPath.volumeOf(name);
            if (key.isPresent()) {
                volume(key.get(), withSizes).ifPresent(found::add);
            }
        }
        return Optional.of(found);
    }

    /**
     * Reads one volume.
     *
     * @param key the key of the volume
     * @return the volume, or empty if the cache has none
     * @throws IllegalArgumentException as in {@link ObjectPath#volumeName}
     * @throws CachefilesException      if the tree cannot be read
     */
    public Optional<CachedVolume> volume(VolumeKey key) throws CachefilesException {
        return volume(key, true);
    }

    private Optional<CachedVolume> volume(VolumeKey key, boolean withSizes) throws CachefilesException {
        int directory = inside(cache, ObjectPath.volumeName(key));
        if (isAbsence(directory)) {
            return Optional.empty();
        }
        checked(directory, "volume " + key);
        try {
            List<CachedObject> objects = new ArrayList<>();
            var bytes = new long[] {files.status(directory).allocatedBytes()};
            long count = 1;
            for (byte[] name : names(directory)) {
                count++;
                int fanOut = ObjectPath.fanOutOf(new String(name, StandardCharsets.ISO_8859_1));
                int fan = fanOut < 0 ? -1 : inside(directory, name, status -> bytes[0] += status.allocatedBytes());
                if (fan >= 0) {
                    try {
                        for (byte[] file : names(fan)) {
                            count++;
                            object(key, fanOut, fan, file, withSizes).ifPresent(objects::add);
                        }
                    } finally {
                        files.close(fan);
                    }
                }
            }
            return Optional.of(new CachedVolume(key, objects, bytes[0], count));
        } finally {
            files.close(directory);
        }
    }

    /**
     * Finds one object.
     *
     * @param volume the key of the volume
     * @param cookie the key of the object
     * @return the object, or empty if the cache has no file of it
     * @throws IllegalArgumentException as in {@link ObjectPath#of}
     * @throws CachefilesException      if the tree cannot be read
     */
    public Optional<CachedObject> object(VolumeKey volume, CookieKey cookie) throws CachefilesException {
        return object(volume, cookie, true);
    }

    /** Finds one object, without its size where that is not needed. */
    Optional<CachedObject> object(VolumeKey volume, CookieKey cookie, boolean withSize) throws CachefilesException {
        ObjectPath place = ObjectPath.of(volume, cookie);
        int directory = openFanOut(place.volume(), place.fanOut());
        if (isAbsence(directory)) {
            return Optional.empty();
        }
        checked(directory, place.toString());
        try {
            return object(volume, place.fanOut(), directory, bytes(place.fileName()), withSize);
        } finally {
            files.close(directory);
        }
    }

    /**
     * What the directory of an object's volume takes on the disk, and the one in it that the object lies in; an empty
     * array if one of them is not there.
     */
    long[] allocatedOnTheWay(ObjectPath place) throws CachefilesException {
        int directory = inside(cache, place.volumeName());
        if (isAbsence(directory)) {
            return new long[0];
        }
        checked(directory, place.toString());
        try {
            int fan = inside(directory, bytes(ObjectPath.fanOutName(place.fanOut())));
            if (isAbsence(fan)) {
                return new long[0];
            }
            checked(fan, place.toString());
            try {
                return new long[] {
                    files.status(directory).allocatedBytes(), files.status(fan).allocatedBytes()
                };
            } finally {
                files.close(fan);
            }
        } finally {
            files.close(directory);
        }
    }

    private Optional<CachedObject> object(VolumeKey volume, int fanOut, int directory, byte[] name, boolean withSize) {
        FileStatus status = files.status(directory, name);
        String fileName = new String(name, StandardCharsets.ISO_8859_1);
        if (status.result() < 0 || status.type() != FileStatus.Type.FILE) {
            return Optional.empty();
        }
        return Optional.of(new CachedObject(
                volume,
                ObjectPath.cookieOf(volume, fanOut, fileName),
                fanOut,
                fileName,
                withSize ? size(directory, name) : OptionalLong.empty(),
                status.allocatedBytes(),
                status.accessed()));
    }

    private OptionalLong size(int directory, byte[] name) {
        int file = files.openFile(directory, name);
        if (file < 0) {
            return OptionalLong.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(LONGEST_ATTRIBUTE);
            int length = files.attribute(file, ATTRIBUTE, value);
            return length < Long.BYTES ? OptionalLong.empty() : OptionalLong.of(value.get(BIG_ENDIAN, 0));
        } finally {
            files.close(file);
        }
    }

    /**
     * Gives the room on the file system of the cache.
     *
     * @return the space that is free now
     * @throws CachefilesException if the file system does not tell
     */
    public CacheSpace space() throws CachefilesException {
        FreeSpace space = files.space(root);
        checked(space.result(), "room on the file system of " + path);
        return new CacheSpace(
                space.blocks() * space.blockSize(),
                space.freeBlocks() * space.blockSize(),
                space.files(),
                space.freeFiles());
    }

    /** Has the file system write back, which makes free what was deleted. */
    void sync() throws CachefilesException {
        checked(files.sync(root), "sync of the file system of " + path);
    }

    CacheFiles files() {
        return files;
    }

    /** The open directory that was bound. */
    int rootHandle() {
        return root;
    }

    /** The open directory with the volumes. */
    int cacheHandle() {
        return cache;
    }

    /** The open directory with what was culled as a whole. */
    int graveyardHandle() {
        return graveyard;
    }

    /** Opens the directory in a volume that objects of a hash lie in; or a negated errno. */
    int openFanOut(VolumeKey volume, int fanOut) {
        int directory = inside(cache, ObjectPath.volumeName(volume));
        if (directory < 0) {
            return directory;
        }
        try {
            return inside(directory, bytes(ObjectPath.fanOutName(fanOut)));
        } finally {
            files.close(directory);
        }
    }

    /** Opens a directory in another, unless something is mounted there; or a negated errno. */
    int inside(int directory, byte[] name) {
        return inside(directory, name, status -> {});
    }

    /** The same, and what it is. All directories of a cache are on the file system of its root. */
    private int inside(int directory, byte[] name, Consumer<FileStatus> seen) {
        int found = files.openDirectory(directory, name);
        if (found < 0) {
            return found;
        }
        FileStatus status = files.status(found);
        int error = status.result();
        if (error == 0 && (status.mountPoint() || status.device() != device)) {
            error = -Errno.EXDEV.number();
        }
        if (error < 0) {
            files.close(found);
            return error;
        }
        seen.accept(status);
        return found;
    }

    List<byte[]> names(int directory) throws CachefilesException {
        List<byte[]> names = new ArrayList<>();
        checked(files.names(directory, names::add), "names in " + path);
        return names;
    }

    /** Also if something else has the name, which the kernel would not take for a directory of a cache either. */
    private static boolean isAbsence(int result) {
        return result == -Errno.ENOENT.number()
                || result == -Errno.ENOTDIR.number()
                || result == -Errno.ELOOP.number()
                || result == -Errno.EXDEV.number();
    }

    static void checked(int result, String subject) throws CachefilesException {
        if (result < 0) {
            throw new CachefilesException(subject, Errno.ofResult(result));
        }
    }

    static byte[] bytes(String name) {
        return name.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Closes the directories. To be called once. */
    @Override
    public void close() {
        files.close(graveyard);
        files.close(cache);
        files.close(root);
    }
}
