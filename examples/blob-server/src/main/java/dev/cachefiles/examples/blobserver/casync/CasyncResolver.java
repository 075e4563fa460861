// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.casync;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.examples.blobserver.chunk.ChunkDigest;
import dev.cachefiles.examples.blobserver.chunk.SourceBytes;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;

/**
 * Finds the index of a blob, which has the blob's name and the suffix {@value #SUFFIX}, or is itself the name that is asked
 * for.
 *
 * <p>Safe for use by several threads.
 */
final class CasyncResolver implements BlobResolver, Closeable {
    static final String SUFFIX = ".caibx";

    private final BlobResolver indexes;
    private final ChunkStore store;

    /**
     * Makes a resolver.
     *
     * @param indexes finds index files by their names; closed with this
     * @param store   where the chunks of all of them are; closed with this
     */
    CasyncResolver(BlobResolver indexes, ChunkStore store) {
        this.indexes = indexes;
        this.store = store;
    }

    @Override
    public BlobSource resolve(BlobKey key) throws IOException {
        String name = key.fileName()
                .orElseThrow(() -> new AccessDeniedException(key.printableName(), null, "is not a plain file name"));
        String file = name.endsWith(SUFFIX) ? name : name + SUFFIX;
        byte[] bytes;
        try (BlobSource source = indexes.resolve(new BlobKey(key.domain(), utf8(file)))) {
            if (source.size() > ChunkIndex.MAX_FILE_SIZE) {
                throw new PermanentException(file + " has " + source.size() + " bytes; an index of more than "
                        + ChunkIndex.MAX_FILE_SIZE + " is not served");
            }
            bytes = SourceBytes.read(source, 0, (int) source.size());
        }
        return new CasyncSource(ChunkIndex.parse(file, bytes), store, "casync:sha256:" + ChunkDigest.SHA_256.of(bytes));
    }

    @Override
    public void close() throws IOException {
        try (store) {
            if (indexes instanceof Closeable closeable) {
                closeable.close();
            }
        }
    }

    private static ByteBuffer utf8(String text) {
        return java.nio.charset.StandardCharsets.UTF_8.encode(text);
    }
}
