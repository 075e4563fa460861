// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.layer.ChunkDigests;
import dev.cachefiles.blob.layer.DigestAlgorithm;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.support.Refusal;
import dev.cachefiles.examples.blobserver.support.Sha256;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Puts an image into a registry: the image as a layer, the digests of its chunks as another, so that ranges of the first can
 * be verified, and a manifest.
 *
 * <p>What the registry has already is not sent again: a push that was interrupted is repeated, and goes on with the first
 * blob that is missing. For use by one thread.
 */
public final class ImagePush implements Closeable {
    private static final int EROFS_SUPERBLOCK = 1024;
    private static final int EROFS_MAGIC = 0xE0F5E1E2;
    private static final byte[] EMPTY_CONFIG = {'{', '}'};

    private final Registry registry;
    private final int chunkSize;
    private final Consumer<String> progress;

    /**
     * Prepares a push.
     *
     * @param settings  a group with the settings of {@link OciType}: where to, and how to connect
     * @param chunkSize bytes in a chunk: a power of two from 4 KiB to 16 MiB
     * @param progress  told what is done, a line at a time
     * @throws Refusal     if the chunk size is not allowed
     * @throws IOException if the settings do not go together
     */
    public ImagePush(Settings settings, long chunkSize, Consumer<String> progress) throws IOException {
        if (!ChunkSizes.isAllowed(chunkSize)) {
            throw new Refusal("chunks of " + chunkSize + " bytes: not a power of two from " + ChunkSizes.LEAST + " to "
                    + ChunkSizes.LARGEST);
        }
        this.registry = OciType.forPush(settings);
        this.chunkSize = (int) chunkSize;
        this.progress = progress;
    }

    /**
     * Pushes an image.
     *
     * @param image the file
     * @param title the name that the layer has
     * @return the image in the registry, by its digest
     * @throws Refusal     if the file is no EROFS image
     * @throws IOException if the file cannot be read, or the registry refuses or cannot be reached
     */
    public OciReference push(Path image, String title) throws IOException {
        MessageDigest whole = Sha256.start();
        ChunkDigests computed = compute(image, whole);
        String digest = Sha256.text(whole.digest());
        byte[] table = computed.table();
        var layer =
                new Descriptor(MediaTypes.EROFS_LAYER, digest, computed.blobSize(), Map.of(MediaTypes.TITLE, title));
        var chunks = new Descriptor(
                MediaTypes.CHUNK_DIGESTS,
                Sha256.of(table),
                table.length,
                Map.of(MediaTypes.CHUNKS_OF, digest, MediaTypes.CHUNK_SIZE, Integer.toString(chunkSize)));
        var config = new Descriptor(MediaTypes.EMPTY, Sha256.of(EMPTY_CONFIG), EMPTY_CONFIG.length, Map.of());
        upload("image", layer, HttpRequest.BodyPublishers.ofFile(image));
        upload("chunk digests", chunks, HttpRequest.BodyPublishers.ofByteArray(table));
        upload("config", config, HttpRequest.BodyPublishers.ofByteArray(EMPTY_CONFIG));
        byte[] manifest = manifest(config, layer, chunks);
        String version = registry.tagOrDigest().orElse("");
        String manifestDigest = Sha256.of(manifest);
        if (Sha256.isDigest(version) && !version.equals(manifestDigest)) {
            throw new Refusal(registry.reference() + ": the digest of what was made is " + manifestDigest
                    + "; push to a tag instead");
        }
        registry.put(version.isEmpty() ? manifestDigest : version, manifest);
        return registry.reference().at(manifestDigest);
    }

    /** Reads the image once, for both kinds of digests. */
    private ChunkDigests compute(Path image, MessageDigest whole) throws IOException {
        try (FileChannel file = FileChannel.open(image, StandardOpenOption.READ)) {
            checkErofs(image, file);
            long size = file.size();
            return ChunkDigests.compute(DigestAlgorithm.SHA_256, chunkSize, new BlobSource() {
                @Override
                public long size() {
                    return size;
                }

                @Override
                public void read(long offset, MemorySegment target) throws IOException {
                    ByteBuffer bytes = target.asByteBuffer();
                    while (bytes.hasRemaining()) {
                        if (file.read(bytes, offset + bytes.position()) < 0) {
                            throw new EOFException(image + " has become shorter while it was read");
                        }
                    }
                    whole.update(bytes.flip());
                }
            });
        }
    }

    private static void checkErofs(Path image, FileChannel file) throws IOException {
        ByteBuffer magic = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        boolean whole = file.read(magic, EROFS_SUPERBLOCK) == Integer.BYTES;
        if (!whole || magic.getInt(0) != EROFS_MAGIC) {
            throw new Refusal(image + ": is no EROFS image; make one with mkfs.erofs");
        }
    }

    private void upload(String what, Descriptor blob, HttpRequest.BodyPublisher content) throws IOException {
        if (registry.has(blob.digest())) {
            progress.accept(what + " " + blob.digest() + ": is there already");
            return;
        }
        progress.accept(what + " " + blob.digest() + ": sending " + blob.size() + " bytes");
        registry.upload(blob.digest(), content);
    }

    private static byte[] manifest(Descriptor config, Descriptor... layers) throws IOException {
        var manifest = new LinkedHashMap<String, Object>();
        manifest.put("schemaVersion", 2);
        manifest.put("mediaType", MediaTypes.MANIFEST);
        manifest.put("artifactType", MediaTypes.EROFS_ARTIFACT);
        manifest.put("config", config.toJson());
        manifest.put("layers", List.of(layers).stream().map(Descriptor::toJson).toList());
        return Json.write(manifest);
    }

    @Override
    public void close() {
        registry.close();
    }
}
