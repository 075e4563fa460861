// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.WrongBytesException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a blob of other bytes than those that a cache has of it, so that the two are never mixed: not after a change
 * while it was unmounted, nor while no one served.
 *
 * <p>A cache of the kernel knows a blob by its name and size alone. This keeps the {@linkplain BlobSource#identity
 * identity} of each blob in a directory, a small file each, which is on the disk before the first of the blob's bytes is
 * fetched. When a blob is opened whose source has another identity than before, and the cache still has bytes of it, a
 * {@link WrongBytesException} says so, and the way out. When the cache has none any more, the blob is one like any other.
 *
 * <p>Where nothing is known, nothing is refused: sources without an identity, and blobs whose file is missing or damaged,
 * which is logged when the cache has bytes of them. The same goes when a file cannot be written.
 *
 * <p>As a layer it checks when a source is made, and puts nothing around it: reads cost nothing. It goes outermost.
 *
 * <p>Safe for use by several threads. Of several processes, one at a time may use a directory.
 */
public final class IdentityGuard {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.blob");
    private static final String ENDING = ".identity";

    private final Path directory;
    private final Cache cache;

    /** One for each of some groups of blobs, so that a disk that hangs holds up few. */
    private final Lock[] locks = Stream.generate(ReentrantLock::new).limit(64).toArray(Lock[]::new);

    /** Tells of the cache that the bytes of blobs go to. Used by several threads at once. */
    public interface Cache {

        /**
         * Tells whether bytes of a blob may be in the cache. Must say yes if it is in use.
         *
         * @param key the blob's name; untrusted input
         * @return whether it is so
         * @throws IOException if that cannot be found out; then it is taken to be so
         */
        boolean mayHave(BlobKey key) throws IOException;

        /**
         * Says how to take a blob's bytes out of the cache.
         *
         * @param key the blob's name; untrusted input
         * @return the end of a sentence that begins with "or", such as a command
         */
        String wayOut(BlobKey key);
    }

    /**
     * Takes a directory for what is to be known of blobs.
     *
     * @param directory the directory, made when it is first needed. Put it beside the cache, so that it goes when that does
     * @param cache     the cache
     */
    public IdentityGuard(Path directory, Cache cache) {
        this.directory = directory;
        this.cache = cache;
    }

    /**
     * Makes a layer for the blobs of a place. A blob that comes from another place than before must have the same identity,
     * too, as digests are.
     *
     * @param place the name of the place, the same after a restart
     * @return the layer
     */
    public BlobLayer of(String place) {
        return (source, key) -> {
            check(key, place, source.identity(), false);
            return source;
        };
    }

    /**
     * Makes a layer for the blobs of a mirror, whose bytes are said to be those of other places: only a change at the place
     * itself is refused.
     *
     * @param place the name of the place, the same after a restart
     * @return the layer, to be put under {@link Failover}
     */
    public BlobLayer ofMirror(String place) {
        return (source, key) -> {
            check(key, place, source.identity(), true);
            return source;
        };
    }

    private void check(BlobKey key, String place, String identity, boolean mirror) throws WrongBytesException {
        if (identity.isEmpty()) {
            return;
        }
        Path file = file(key);
        Lock lock = locks[Math.floorMod(file.hashCode(), locks.length)];
        lock.lock();
        try {
            IdentityRecord known = read(file, key);
            if (known != null) {
                String before = known.identities().get(place);
                if (identity.equals(before)
                        || (before == null && known.identities().containsValue(identity))) {
                    return;
                }
                if (!mayHave(key)) {
                    known.identities().clear();
                } else if (before != null || !mirror) {
                    throw changed(key, before == null ? first(known) : before, identity);
                }
            } else {
                known = new IdentityRecord(key);
                if (mayHave(key)) {
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "{0}: which version the cache has bytes of is not known; they are taken to be of {1}",
                            key.printableName(),
                            identity);
                }
            }
            known.identities().put(place, identity);
            write(known, file);
        } finally {
            lock.unlock();
        }
    }

    private static String first(IdentityRecord known) {
        return known.identities().values().iterator().next();
    }

    private WrongBytesException changed(BlobKey key, String before, String now) {
        return new WrongBytesException(key.printableName() + ": the cache has bytes of another version: of " + before
                + ", and now there is " + now
                + "; put the former back, or the new one under a new name, or " + cache.wayOut(key));
    }

    private boolean mayHave(BlobKey key) {
        try {
            return cache.mayHave(key);
        } catch (IOException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}: whether the cache has bytes of it cannot be found out: {1}",
                    key.printableName(),
                    e);
            return true;
        }
    }

    private static @Nullable IdentityRecord read(Path file, BlobKey key) {
        try {
            IdentityRecord found = IdentityRecord.read(file);
            if (found.key().equals(key) && !found.identities().isEmpty()) {
                return found;
            }
            LOG.log(System.Logger.Level.WARNING, "{0}: is not of {1}, and is left out", file, key.printableName());
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}: what was known of its version cannot be read: {1}",
                    key.printableName(),
                    e);
        }
        return null;
    }

    private void write(IdentityRecord known, Path file) {
        try {
            Files.createDirectories(directory);
            known.write(file);
        } catch (IOException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0}: its version cannot be kept, so that a change while no one serves would go unnoticed: {1}",
                    known.key().printableName(),
                    e);
        }
    }

    /**
     * Gives the file that says what is known of a blob.
     *
     * @param key the blob's name; untrusted input
     * @return a file in the directory, which may not exist
     */
    public Path file(BlobKey key) {
        return directory.resolve(BlobKeys.fileName(key) + ENDING);
    }

    /**
     * Deletes what is known of blobs that the cache has no bytes of, and what a crash has left. To be called while no blob
     * is opened.
     *
     * @throws IOException if the directory cannot be read, or a file not be deleted
     */
    public void prune() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                if (name.endsWith(AtomicFiles.UNFINISHED) || (name.endsWith(ENDING) && isOver(file))) {
                    Files.delete(file);
                }
            }
        } catch (NoSuchFileException e) {
            // Nothing was ever kept.
        }
    }

    /** One that cannot be read stays: it is reported when its blob is opened. */
    private boolean isOver(Path file) {
        try {
            return !mayHave(IdentityRecord.read(file).key());
        } catch (IOException e) {
            return false;
        }
    }
}
