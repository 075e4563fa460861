// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.chunk.ChunkCache;
import dev.cachefiles.examples.blobserver.nydus.ChunkTable.Chunk;
import dev.cachefiles.examples.blobserver.nydus.RafsBlobSource.ChunkKey;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds what the kernel asks for when it mounts a RAFS v6 image: the bootstrap, by its file name, as it is; and each of
 * its blobs, by its id, unpacked.
 *
 * <p>Safe for use by several threads.
 */
final class NydusResolver implements BlobResolver, Closeable {
    private final BlobResolver images;
    private final BlobResolver blobs;
    private final Bootstraps bootstraps;
    private final ChunkCache<ChunkKey> cache;

    /**
     * Makes a resolver.
     *
     * @param images     finds bootstraps by their names; closed with this
     * @param blobs      finds stored blobs by their ids; may be the same; closed with this
     * @param bootstraps those among {@code images}
     * @param memory     most bytes of unpacked chunks to keep
     */
    NydusResolver(BlobResolver images, BlobResolver blobs, Bootstraps bootstraps, long memory) {
        this.images = images;
        this.blobs = blobs;
        this.bootstraps = bootstraps;
        this.cache = new ChunkCache<>(memory);
    }

    @Override
    public BlobSource resolve(BlobKey key) throws IOException {
        String name = key.fileName()
                .orElseThrow(() -> new AccessDeniedException(key.printableName(), null, "is not a plain file name"));
        List<Bootstrap> using = bootstraps.using(key.domain(), name);
        return using.isEmpty() ? image(key, name) : blob(key, name, using);
    }

    private BlobSource blob(BlobKey key, String id, List<Bootstrap> using) throws IOException {
        BlobEntry blob = using.getFirst().blob(id).orElseThrow();
        blob.checkServed();
        var chunks = new ArrayList<Chunk>();
        for (Bootstrap bootstrap : using) {
            BlobEntry other = bootstrap.blob(id).orElseThrow();
            if (other.servedSize() != blob.servedSize()
                    || other.codec() != blob.codec()
                    || other.digest() != blob.digest()) {
                throw new WrongBytesException(
                        "blob " + id + ": " + using.getFirst().file() + " and " + bootstrap.file()
                                + " say different things of it; mount them in different domains, or give one of them a"
                                + " directory of its own");
            }
            chunks.addAll(bootstrap.chunks(other));
        }
        if (chunks.isEmpty() && !BlobContents.areIn(blob)) {
            throw new PermanentException("blob " + id + " cannot be served: neither "
                    + using.getFirst().file() + " nor the blob itself has digests of its chunks");
        }
        var stored = new LazySource(blobs, key);
        return new RafsBlobSource(blob, new KnownChunks(blob, chunks, stored), stored, cache);
    }

    private BlobSource image(BlobKey key, String name) throws IOException {
        BlobSource source;
        try {
            source = images.resolve(key);
        } catch (NoSuchFileException e) {
            var missing = new NoSuchFileException(name, null, "neither a bootstrap here nor a blob of one");
            missing.initCause(e);
            throw missing;
        }
        try {
            // Anything else would be handed out as it is stored, which is not what an image means by that name.
            Bootstrap bootstrap = Bootstrap.read(name, source)
                    .orElseThrow(() -> new AccessDeniedException(
                            name, null, "is neither a RAFS v6 bootstrap nor a blob of one that is here"));
            for (BlobEntry blob : bootstrap.blobs()) {
                blob.checkServed();
            }
            return source;
        } catch (Throwable t) {
            source.close();
            throw t;
        }
    }

    @Override
    public void close() throws IOException {
        try {
            close(images);
        } finally {
            close(blobs);
        }
    }

    private static void close(BlobResolver resolver) throws IOException {
        if (resolver instanceof Closeable closeable) {
            closeable.close();
        }
    }
}
