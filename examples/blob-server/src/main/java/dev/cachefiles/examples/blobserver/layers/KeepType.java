// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.layers;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.layer.BlobLayer;
import dev.cachefiles.blob.layer.ChunkDigests;
import dev.cachefiles.blob.layer.LocalTier;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Keeps what was fetched in a directory of its own, beside the kernel's cache. */
public final class KeepType implements LayerType {
    private static final Setting<Path> DIRECTORY = Setting.path(
                    "directory", "DIR", "where to keep it, and nothing else; made if missing; for this source only")
            .required();
    private static final Setting<Long> SIZE = Setting.size(
                    "size", "bytes that it may hold; what was used least recently goes", 1 << 20)
            .required();
    private static final Setting<Long> CHUNK = Setting.size(
                    "chunk", "bytes that are kept together, a multiple of 512", 512)
            .defaultsTo("256KiB");

    /** Makes the kind. */
    public KeepType() {}

    @Override
    public String name() {
        return "keep";
    }

    @Override
    public String description() {
        return "keeps what was fetched on the local disk, checked by its digest when it is used again";
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(DIRECTORY, SIZE, CHUNK);
    }

    @Override
    public BlobLayer create(String source, Settings settings) throws IOException {
        long chunk = settings.get(CHUNK);
        if (chunk % 512 != 0 || chunk > ChunkDigests.MAX_CHUNK_SIZE) {
            throw settings.refuse(CHUNK, chunk + " is no multiple of 512 up to " + ChunkDigests.MAX_CHUNK_SIZE);
        }
        return new Opened(settings.get(DIRECTORY), settings.get(SIZE), (int) chunk);
    }

    /**
     * Opens the directory when the first blob needs it: on a reload that changes other settings, the layer before this one
     * still holds it while its last blobs are open.
     */
    private static final class Opened implements BlobLayer, Closeable {
        private final Path directory;
        private final long size;
        private final int chunk;
        private @org.jspecify.annotations.Nullable LocalTier tier;

        Opened(Path directory, long size, int chunk) {
            this.directory = directory;
            this.size = size;
            this.chunk = chunk;
        }

        private synchronized LocalTier tier() throws IOException {
            LocalTier opened = tier;
            if (opened == null) {
                opened = LocalTier.open(directory, size, chunk);
                tier = opened;
            }
            return opened;
        }

        @Override
        public BlobSource over(BlobSource source, BlobKey key) throws IOException {
            return tier().over(source, key);
        }

        @Override
        public synchronized void close() throws IOException {
            if (tier != null) {
                tier.close();
            }
        }
    }
}
