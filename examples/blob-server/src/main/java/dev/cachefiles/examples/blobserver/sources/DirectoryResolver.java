// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.sources;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Finds blobs as the regular files in one directory, by their names; the domain of a key is not looked at.
 *
 * <p>Names are taken for hostile: only a plain file name is looked up, and what it leads to must lie below the
 * directory. Symbolic links are followed as long as they stay there.
 *
 * <p>The directory itself is trusted: who may write to it may make the daemon serve anything.
 *
 * <p>Safe for use by several threads.
 */
public final class DirectoryResolver implements BlobResolver {
    private final Path directory;

    /**
     * Makes a resolver.
     *
     * @param directory the directory; where it leads to is found out once, here
     * @throws IOException if there is no such directory
     */
    public DirectoryResolver(Path directory) throws IOException {
        this.directory = directory.toRealPath();
    }

    @Override
    public BlobSource resolve(BlobKey key) throws IOException {
        String printable = key.printableName();
        Path file = find(key, printable);
        if (!file.startsWith(directory)) {
            throw new AccessDeniedException(printable, null, "leads out of " + directory);
        }
        // Looked at before it is opened: to open a FIFO would wait for a writer, and mount(2) with it.
        var attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isRegularFile()) {
            throw new AccessDeniedException(printable, null, "is not a regular file");
        }
        return FileSource.open(file);
    }

    private Path find(BlobKey key, String printable) throws IOException {
        String name = key.fileName()
                .orElseThrow(() -> new AccessDeniedException(printable, null, "is not a plain file name"));
        try {
            return directory.resolve(name).toRealPath();
        } catch (InvalidPathException e) {
            throw new AccessDeniedException(printable, null, "cannot be a file name in this locale; use a UTF-8 one");
        } catch (NoSuchFileException e) {
            throw new NoSuchFileException(printable, null, "no such file in " + directory);
        }
    }
}
