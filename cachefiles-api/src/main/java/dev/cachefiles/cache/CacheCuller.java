// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.protocol.NameCommand;
import dev.cachefiles.spi.CacheFiles;
import dev.cachefiles.spi.DirectoryCommands;
import dev.cachefiles.spi.FileStatus;
import java.io.Closeable;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * Removes objects and volumes from a bound cache, where they are not in use: the commands {@code cull} and
 * {@code inuse}.
 *
 * <p>The kernel looks names up in the working directory of the thread that writes the command, and deletes what it finds
 * there, whether that is a cache or not. So the commands are written by one thread with a working directory of its own;
 * that of the process never changes. Before each, the directory is opened one name at a time from the cache's own
 * directory on, without following links, and must lead back there; whatever is mounted inside is refused. And that own
 * directory is one which the kernel itself has marked as its cache.
 *
 * <p>What is culled while it is being mounted may make that mount fail; the next one works.
 *
 * <p>Needs to be root, or the capability {@code CAP_DAC_OVERRIDE}: the directories in a cache belong to root.
 *
 * <p>Safe for use by several threads, except that {@link #close} must be called when no other call is under way. Calls
 * block on the cache's file system; the command of one holds up answers to OPENs for as long.
 *
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">CacheFiles, section "Cache culling";
 *      cachefiles_cull in fs/cachefiles/namei.c, Linux 2.6.30</a>
 */
public final class CacheCuller implements Closeable {
    private static final List<String> MARKED = List.of("cache", "graveyard");
    private static final byte[] PARENT = CacheTree.bytes("..");

    private final CacheTree tree;
    private final CacheFiles files;
    private final DirectoryCommands commands;

    /**
     * Makes a culler; {@link dev.cachefiles.CachefilesChannel#culler} does so.
     *
     * @param tree     the directory of the cache; owned by the culler from now on, also if this throws
     * @param commands what writes commands to the device that the cache is bound with
     * @throws CachefilesException if the kernel does not use this directory as a cache, or the commands cannot be written
     */
    public CacheCuller(CacheTree tree, DirectoryCommands commands) throws CachefilesException {
        this.tree = tree;
        this.files = tree.files();
        this.commands = commands;
        try {
            for (String name : MARKED) {
                int result = commands.writeIn(tree.rootHandle(), NameCommand.inUse(CacheTree.bytes(name)));
                if (result >= 0) {
                    throw new CachefilesException(
                            tree.path().resolve(name).toString(),
                            Errno.ESTALE,
                            "the kernel does not use it; the cache directory was replaced since the cache was bound");
                }
                if (result != -Errno.EBUSY.number()) {
                    throw failed("inuse " + name, result);
                }
            }
        } catch (Throwable t) {
            tree.close();
            throw t;
        }
    }

    /**
     * Gives the directory of the cache.
     *
     * @return the tree, which closes with this
     */
    public CacheTree tree() {
        return tree;
    }

    /**
     * Asks whether an object is in use.
     *
     * @param volume the key of its volume
     * @param cookie its key
     * @return the state at this moment
     * @throws IllegalArgumentException as in {@link ObjectPath#of}
     * @throws CachefilesException      if its directory is not inside of the cache, or the cache is dead
     */
    public UseState use(VolumeKey volume, CookieKey cookie) throws CachefilesException {
        ObjectPath place = ObjectPath.of(volume, cookie);
        return use(volume, place.fanOut(), place.fileName());
    }

    /** Asks whether a file that was found in the tree is in use. */
    UseState use(CachedObject object) throws CachefilesException {
        return use(object.volume(), object.fanOut(), object.fileName());
    }

    private UseState use(VolumeKey volume, int fanOut, String fileName) throws CachefilesException {
        byte[] name = CacheTree.bytes(fileName);
        return switch (inFanOut(volume, fanOut, name, NameCommand.inUse(name))) {
            case CULLED -> UseState.FREE;
            case IN_USE -> UseState.IN_USE;
            case ABSENT -> UseState.ABSENT;
        };
    }

    /**
     * Culls an object, unless it is in use.
     *
     * @param volume the key of its volume
     * @param cookie its key
     * @return what has become of it; {@link CullResult#ABSENT} also for one that is mounted for the first time, which has
     *     no name yet
     * @throws IllegalArgumentException as in {@link ObjectPath#of}
     * @throws CachefilesException      if its directory is not inside of the cache, its name is that of something else
     *     than a file, or the cache is dead
     */
    public CullResult cull(VolumeKey volume, CookieKey cookie) throws CachefilesException {
        ObjectPath place = ObjectPath.of(volume, cookie);
        return cull(volume, place.fanOut(), place.fileName());
    }

    /**
     * Culls a file that was found in the tree, unless it is in use. Also one that belongs to no object.
     *
     * @param object the file
     * @return what has become of it
     * @throws IllegalArgumentException if its name is not that of a file in a cache
     * @throws CachefilesException      as in {@link #cull(VolumeKey, CookieKey)}
     */
    public CullResult cull(CachedObject object) throws CachefilesException {
        return cull(object.volume(), object.fanOut(), object.fileName());
    }

    private CullResult cull(VolumeKey volume, int fanOut, String fileName) throws CachefilesException {
        byte[] name = CacheTree.bytes(fileName);
        return inFanOut(volume, fanOut, name, NameCommand.cull(name));
    }

    /**
     * Culls the objects of a volume, and so of a domain, that are not in use. The volume's directory stays.
     *
     * @param volume the key of the volume
     * @return what has become of them
     * @throws IllegalArgumentException as in {@link ObjectPath#volumeName}
     * @throws CachefilesException      as in {@link #cull(VolumeKey, CookieKey)}
     */
    public CullSummary cullObjects(VolumeKey volume) throws CachefilesException {
        int culled = 0;
        int inUse = 0;
        long bytes = 0;
        Optional<CachedVolume> found = tree.volume(volume);
        if (found.isPresent()) {
            for (CachedObject object : found.get().objects()) {
                CullResult result = cull(object);
                if (result == CullResult.CULLED) {
                    culled++;
                    bytes += object.allocatedBytes();
                } else if (result == CullResult.IN_USE) {
                    inUse++;
                }
            }
        }
        return new CullSummary(culled, inUse, bytes);
    }

    /**
     * Culls a volume as a whole, with all its objects, unless it is in use: the kernel moves it to its graveyard, where it
     * is deleted at once.
     *
     * @param volume the key of the volume
     * @return what has become of it; the volume is in use as long as any of its objects is
     * @throws IllegalArgumentException as in {@link ObjectPath#volumeName}; or if the key has a newline, which no command
     *     can hold: its objects can be culled
     * @throws CachefilesException      if something is mounted in its place, which would end the cache; if the graveyard
     *     cannot be emptied; or the cache is dead
     */
    public CullResult cullVolume(VolumeKey volume) throws CachefilesException {
        CullResult result = bury(volume);
        if (result == CullResult.CULLED) {
            emptyGraveyard();
        }
        return result;
    }

    /** The same, but leaves it in the graveyard. */
    CullResult bury(VolumeKey volume) throws CachefilesException {
        byte[] name = ObjectPath.volumeName(volume);
        return command(tree.cacheHandle(), name, FileStatus.Type.DIRECTORY, NameCommand.cull(name), "volume " + volume);
    }

    /** Tells whether a volume can be culled as a whole. */
    static boolean canCullVolume(VolumeKey volume) {
        return NameCommand.canName(ObjectPath.volumeName(volume));
    }

    /**
     * Asks whether a volume is in use.
     *
     * @param volume the key of the volume
     * @return the state at this moment
     * @throws IllegalArgumentException as in {@link #cullVolume}
     * @throws CachefilesException      as in {@link #cullVolume}
     */
    public UseState use(VolumeKey volume) throws CachefilesException {
        byte[] name = ObjectPath.volumeName(volume);
        return switch (command(
                tree.cacheHandle(), name, FileStatus.Type.DIRECTORY, NameCommand.inUse(name), "volume " + volume)) {
            case CULLED -> UseState.FREE;
            case IN_USE -> UseState.IN_USE;
            case ABSENT -> UseState.ABSENT;
        };
    }

    /**
     * Deletes what lies in the cache's graveyard. Follows no link and enters nothing that is mounted there.
     *
     * @return number of volumes that were deleted
     * @throws CachefilesException if something there cannot be deleted; the rest was
     */
    public int emptyGraveyard() throws CachefilesException {
        return Graveyard.empty(tree, () -> false).graves();
    }

    private CullResult inFanOut(VolumeKey volume, int fanOut, byte[] name, MemorySegment command)
            throws CachefilesException {
        String subject = "object " + volume + "/" + CookieKey.of(name);
        int volumeDirectory = tree.inside(tree.cacheHandle(), ObjectPath.volumeName(volume));
        if (volumeDirectory < 0) {
            return absent(volumeDirectory, subject);
        }
        try {
            int fan = tree.inside(volumeDirectory, CacheTree.bytes(ObjectPath.fanOutName(fanOut)));
            if (fan < 0) {
                return absent(fan, subject);
            }
            try {
                // Both may have been moved away since they were opened.
                checkParent(fan, volumeDirectory, subject);
                checkParent(volumeDirectory, tree.cacheHandle(), subject);
                return command(fan, name, FileStatus.Type.FILE, command, subject);
            } finally {
                files.close(fan);
            }
        } finally {
            files.close(volumeDirectory);
        }
    }

    private void checkParent(int directory, int expected, String subject) throws CachefilesException {
        int parent = files.openDirectory(directory, PARENT);
        CacheTree.checked(parent, subject);
        try {
            if (!files.status(parent).isSameFile(files.status(expected))) {
                throw new CachefilesException(subject, Errno.ESTALE, "its directory is not in the cache any more");
            }
        } finally {
            files.close(parent);
        }
    }

    /** Writes a command for a name that must be of a type, in a directory that is known to be inside of the cache. */
    private CullResult command(int directory, byte[] name, FileStatus.Type type, MemorySegment command, String subject)
            throws CachefilesException {
        FileStatus status = files.status(directory, name);
        if (status.result() < 0) {
            return absent(status.result(), subject);
        }
        if (status.mountPoint()) {
            throw new CachefilesException(subject, Errno.EXDEV, "something is mounted in its place; unmount it");
        }
        if (status.type() != type) {
            throw new CachefilesException(
                    subject, Errno.EINVAL, "something else has its name; the kernel uses no such file");
        }
        int result = commands.writeIn(directory, command);
        if (result >= 0) {
            return CullResult.CULLED;
        }
        if (result == -Errno.EBUSY.number()) {
            return CullResult.IN_USE;
        }
        if (result == -Errno.ESTALE.number()) {
            return CullResult.ABSENT;
        }
        return absent(result, subject);
    }

    private static CullResult absent(int result, String subject) throws CachefilesException {
        if (result == -Errno.ENOENT.number()) {
            return CullResult.ABSENT;
        }
        throw failed(subject, result);
    }

    private static CachefilesException failed(String subject, int result) {
        Errno errno = Errno.ofResult(result);
        String cure = "";
        if (errno.equals(Errno.EIO)) {
            cure = "the cache is dead or not bound; see the kernel's log";
        } else if (errno.equals(Errno.EPERM)) {
            cure = "no thread may have a working directory of its own; allow unshare(CLONE_FS)";
        } else if (errno.equals(Errno.EXDEV)) {
            cure = "something is mounted inside of the cache; unmount it";
        } else if (errno.equals(Errno.ENOTDIR) || errno.equals(Errno.ELOOP)) {
            cure = "something else has the name of one of its directories";
        } else if (errno.equals(Errno.EACCES)) {
            cure = "the directories of a cache belong to root; culling needs CAP_DAC_OVERRIDE";
        } else if (errno.equals(Errno.EBADF)) {
            cure = "the channel is closed";
        }
        return new CachefilesException(subject, errno, cure);
    }

    /** Closes the directory. To be called once. */
    @Override
    public void close() {
        tree.close();
    }
}
