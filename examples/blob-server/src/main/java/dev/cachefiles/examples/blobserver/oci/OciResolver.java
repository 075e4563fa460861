// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.ForwardingBlobSource;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.layer.VerifyingSource;
import dev.cachefiles.examples.blobserver.support.Sha256;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds blobs in a repository of a registry.
 *
 * <p>Where one image is meant, its layers are found by title or digest, and the one that holds EROFS by the repository's
 * last name too. Otherwise a name is a tag, the digest of a manifest, or that of a blob. A tag is looked up once and then
 * stands for the same digest for as long as this resolver lives.
 *
 * <p>Safe for use by several threads.
 */
public final class OciResolver implements BlobResolver, Closeable {
    private final Registry registry;
    private final boolean verify;
    private final Map<String, ImageManifest> manifests = new ConcurrentHashMap<>();
    private final Map<String, VerifyingSource.Digests> digests = new ConcurrentHashMap<>();

    OciResolver(Registry registry, boolean verify) {
        this.registry = registry;
        this.verify = verify;
    }

    @Override
    public BlobSource resolve(BlobKey key) throws IOException {
        String printable = key.printableName();
        String name = key.fileName()
                .orElseThrow(() -> new AccessDeniedException(printable, null, "is no name for a blob in a registry"));
        Optional<String> version = registry.tagOrDigest();
        return version.isPresent() ? ofImage(manifest(version.get()), name) : ofRepository(name);
    }

    private BlobSource ofImage(ImageManifest image, String name) throws IOException {
        Optional<Descriptor> layer = image.named(name);
        if (layer.isEmpty() && name.equals(registry.reference().shortName())) {
            layer = Optional.of(image.only());
        }
        return verified(
                image,
                layer.orElseThrow(() -> new NoSuchFileException(
                        name,
                        null,
                        image.where() + " has no such layer; it has "
                                + image.layers().stream()
                                        .map(each -> each.annotation(MediaTypes.TITLE) + " " + each.digest())
                                        .toList())));
    }

    private BlobSource ofRepository(String name) throws IOException {
        String digest = name.matches("[0-9a-f]{64}") ? "sha256:" + name : name;
        if (!Sha256.isDigest(digest)) {
            if (!OciReference.isTag(name)) {
                throw new NoSuchFileException(name, null, "is neither a tag nor a digest");
            }
            ImageManifest image = manifest(name);
            return verified(image, image.only());
        }
        try {
            ImageManifest image = manifest(digest);
            return verified(image, image.only());
        } catch (NoSuchFileException e) {
            BlobSource blob = registry.blob(digest);
            return verified(
                    new ImageManifest(registry.reference(), java.util.List.of()),
                    new Descriptor("", digest, blob.size(), Map.of()));
        }
    }

    /** Not computed under a lock of the map: others should not wait for another registry's answer. */
    private ImageManifest manifest(String version) throws IOException {
        ImageManifest known = manifests.get(version);
        if (known == null) {
            ImageManifest fetched = registry.manifest(version);
            ImageManifest before = manifests.putIfAbsent(version, fetched);
            known = before == null ? fetched : before;
        }
        return known;
    }

    private BlobSource verified(ImageManifest image, Descriptor layer) throws IOException {
        BlobSource blob = registry.blob(layer);
        if (!verify) {
            return blob;
        }
        Optional<Descriptor> table = image.chunkDigests(layer);
        int chunkSize = table.isPresent() ? chunkSize(image, layer, table.get()) : ChunkSizes.DEFAULT;
        VerifyingSource.Digests known = digests.computeIfAbsent(
                layer.digest() + " " + chunkSize,
                key -> table.isPresent()
                        ? new FetchedDigests(registry, layer, table.get(), chunkSize)
                        : new WholePass(registry.blob(layer), layer.digest(), chunkSize));
        return new ForwardingBlobSource(new VerifyingSource(blob, chunkSize, known)) {
            @Override
            public String identity() {
                return layer.digest();
            }
        };
    }

    private static int chunkSize(ImageManifest image, Descriptor layer, Descriptor table) throws PermanentException {
        try {
            int chunkSize = Integer.parseInt(table.annotation(MediaTypes.CHUNK_SIZE));
            if (ChunkSizes.isAllowed(chunkSize) && table.size() == ChunkSizes.ofTable(layer.size(), chunkSize)) {
                return chunkSize;
            }
        } catch (NumberFormatException e) {
            // As wrong as another number.
        }
        throw new PermanentException(image.where() + ": the chunk digests of " + layer.digest() + " do not go with its "
                + layer.size() + " bytes; push it again");
    }

    @Override
    public void close() {
        for (VerifyingSource.Digests each : digests.values()) {
            if (each instanceof WholePass pass) {
                pass.stop();
            }
        }
        registry.close();
    }
}
