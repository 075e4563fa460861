// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.ForwardingBlobSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Access lists of blobs in a directory, one file each. The name of a file is a digest of the blob's key: nothing in a key
 * leads elsewhere.
 *
 * <p>The layer records a blob that has no list yet, and writes its list when the source is closed. It does not record what
 * is fetched ahead. A list is not replaced: what is cached is not read again, and a second run would record next to nothing.
 * Delete the file to record anew.
 *
 * <p>Safe for use by several threads.
 */
public final class AccessLists implements BlobLayer {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.blob");

    private final Path directory;

    /**
     * Takes a directory for the lists.
     *
     * @param directory the directory, made if missing
     * @throws IOException if it cannot be made
     */
    public AccessLists(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
    }

    /**
     * Finds the list of a blob.
     *
     * @param key the blob's name; untrusted input
     * @return the list; or empty if there is none that can be read, of which one that is damaged is logged
     */
    public Optional<AccessList> find(BlobKey key) {
        Path file = file(key);
        try {
            return Optional.of(AccessList.read(file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "the access list of {0} is left out: {1}", key.printableName(), e);
            return Optional.empty();
        }
    }

    /**
     * Gives the file for the list of a blob.
     *
     * @param key the blob's name; untrusted input
     * @return a file in the directory, which may not exist
     */
    public Path file(BlobKey key) {
        return directory.resolve(BlobKeys.fileName(key) + ".access");
    }

    @Override
    public BlobSource over(BlobSource source, BlobKey key) {
        Path file = file(key);
        return Files.exists(file) ? source : new Recorded(new AccessRecorder(source, AccessLists::isAwaited), file);
    }

    /** Only who waits has a deadline; {@link Prefetcher} has none. */
    private static boolean isAwaited() {
        return !Deadline.current().equals(Prefetcher.NO_ONE_WAITS);
    }

    private static final class Recorded extends ForwardingBlobSource {
        private final AccessRecorder recorder;
        private final Path file;

        Recorded(AccessRecorder recorder, Path file) {
            super(recorder);
            this.recorder = recorder;
            this.file = file;
        }

        @Override
        public void close() throws IOException {
            super.close();
            AccessList list = recorder.recorded();
            if (!list.ranges().isEmpty()) {
                list.write(file);
            }
        }
    }
}
