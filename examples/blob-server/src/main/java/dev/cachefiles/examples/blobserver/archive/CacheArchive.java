// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.archive;

import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A cache as an archive: a tar file of what is in the directory {@code cache}, with holes and attributes. So any tar of GNU
 * can look at it.
 *
 * <p>Blobs that are mounted for the first time are not in it: the kernel gives their files a name when the mount ends.
 */
public final class CacheArchive {
    private static final Set<PosixFilePermission> DIRECTORY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

    private CacheArchive() {}

    /**
     * What came of an import or a look.
     *
     * @param files files that were put into the cache, or looked at
     * @param kept  files that were in the cache already, and stay as they are
     */
    public record Count(int files, int kept) {}

    /**
     * Packs a cache. May be done while a daemon serves it; what is written meanwhile may be missing, and is a hole then.
     *
     * @param cache   the cache's directory
     * @param archive the file to make
     * @return how many files are in it
     * @throws IOException if the directory holds what is not of a cache, or cannot be read; or if the archive would be
     *     inside of it
     */
    public static Count export(Path cache, Path archive) throws IOException {
        Path store = store(cache);
        Path place = archive.toAbsolutePath().getParent();
        if (place != null && Files.isDirectory(place) && place.toRealPath().startsWith(store.toRealPath())) {
            throw new Refusal(archive + ": is inside of the cache, where no file of another kind may be");
        }
        CacheContents contents = CacheContents.of(store);
        Tar.create(archive, store);
        return new Count(contents.files().size(), 0);
    }

    /**
     * Puts what is in an archive into a cache. All of it is unpacked beside the cache and looked at first; nothing of an
     * archive that holds anything else gets into the cache, nor anywhere else. Files that the cache has already stay.
     * When this returns, all of it is on the disk.
     *
     * @param archive the archive; untrusted
     * @param cache   the cache's directory
     * @return what came of it
     * @throws IOException if the archive is refused, or there is no room
     */
    public static Count importInto(Path cache, Path archive) throws IOException {
        if (!Files.isDirectory(cache)) {
            throw new Refusal(cache + ": is not a directory");
        }
        Tar.check(archive);
        Path staging = Files.createTempDirectory(cache, ".import");
        try {
            Tar.extract(archive, staging);
            CacheContents contents = CacheContents.of(staging);
            // First the bytes, then the names: a file that is found in a cache is taken for whole.
            sync(staging);
            Path store = directory(cache.resolve("cache"));
            for (Path volume : contents.volumes()) {
                volume(volume, store.resolve(volume.getFileName()));
            }
            int moved = 0;
            for (Path file : contents.files()) {
                moved += move(file, store.resolve(staging.relativize(file))) ? 1 : 0;
            }
            sync(store);
            return new Count(moved, contents.files().size() - moved);
        } finally {
            delete(staging);
        }
    }

    /**
     * Looks whether a cache holds nothing but what the kernel will take.
     *
     * @param cache the cache's directory
     * @return how many files it has
     * @throws IOException if it does not, with the first that is wrong
     */
    public static Count verify(Path cache) throws IOException {
        return new Count(CacheContents.of(store(cache)).files().size(), 0);
    }

    /**
     * Compares a cache with an archive, byte by byte.
     *
     * @param cache   the cache's directory
     * @param archive the archive; untrusted
     * @return what differs or is missing, a line each
     * @throws IOException if the archive is refused
     */
    public static List<String> differences(Path cache, Path archive) throws IOException {
        Tar.check(archive);
        return Tar.compare(archive, store(cache));
    }

    private static Path store(Path cache) throws Refusal {
        Path store = cache.resolve("cache");
        if (!Files.isDirectory(store, LinkOption.NOFOLLOW_LINKS)) {
            throw new Refusal(cache + ": no cache was bound to this directory yet");
        }
        return store;
    }

    /** Makes the directory of a volume, by which the kernel knows it. */
    private static void volume(Path source, Path target) throws IOException {
        if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            directory(target);
            Files.getFileAttributeView(target, UserDefinedFileAttributeView.class)
                    .write(CacheContents.ATTRIBUTE, ByteBuffer.wrap(CacheContents.attribute(source)));
        }
        directory(target);
    }

    private static boolean move(Path file, Path target) throws IOException {
        directory(Objects.requireNonNull(target.getParent()));
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        Files.setPosixFilePermissions(file, FILE);
        Files.move(file, target);
        return true;
    }

    /** Has the file system of a directory write back. */
    private static void sync(Path directory) throws IOException {
        Process process = new ProcessBuilder("sync", "--file-system", "--", directory.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        try {
            if (process.waitFor() != 0) {
                throw new Refusal(directory + ": cannot be written back: " + output);
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + directory + " was written back");
        }
    }

    private static Path directory(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectory(path, PosixFilePermissions.asFileAttribute(DIRECTORY));
        }
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new Refusal(path + ": is not a directory");
        }
        return path;
    }

    private static void delete(Path directory) throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
