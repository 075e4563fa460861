// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.layers;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.layer.BlobLayer;
import dev.cachefiles.blob.layer.ChunkDigests;
import dev.cachefiles.blob.layer.Digest;
import dev.cachefiles.blob.layer.DigestAlgorithm;
import dev.cachefiles.blob.layer.VerifyingSource;
import dev.cachefiles.blob.layer.WholeDigestSource;
import dev.cachefiles.examples.blobserver.settings.ConfigException;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Lets only bytes through that have the digests that were stated. */
public final class VerifyType implements LayerType {
    private static final DigestAlgorithm[] ALGORITHMS = {
        DigestAlgorithm.SHA_256, DigestAlgorithm.SHA_512, Blake3Digest.BLAKE3
    };
    private static final int CHUNK = 1 << 20;

    private static final Setting<Map<String, String>> DIGESTS = Setting.pairs(
            "digests",
            "NAME: ALGORITHM:HEX",
            "digests of whole blobs, such as sha256:0123...; a blob is fetched whole, and checked, before the first read"
                    + " is answered");
    private static final Setting<Path> CHUNKS = Setting.path(
            "chunks", "DIR", "files NAME.digests with the digests of chunks: only what is read is fetched and checked");
    private static final Setting<String> OTHERS = Setting.choice(
                    "others", "what becomes of blobs for which no digest is stated", "refuse", "allow")
            .defaultsTo("refuse");

    /** Makes the kind. */
    public VerifyType() {}

    @Override
    public String name() {
        return "verify";
    }

    @Override
    public String description() {
        return "lets only bytes through that have the digests stated here";
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(DIGESTS, CHUNKS, OTHERS);
    }

    @Override
    public BlobLayer create(String source, Settings settings) throws ConfigException {
        var digests = new LinkedHashMap<String, Digest>();
        for (Map.Entry<String, String> entry :
                settings.find(DIGESTS).orElse(Map.of()).entrySet()) {
            try {
                digests.put(entry.getKey(), Digest.parse(entry.getValue(), ALGORITHMS));
            } catch (IllegalArgumentException e) {
                throw settings.refuse(DIGESTS, entry.getKey() + ": " + e.getMessage());
            }
        }
        Path chunks = settings.find(CHUNKS).orElse(null);
        boolean allow = settings.get(OTHERS).equals("allow");
        if (digests.isEmpty() && chunks == null) {
            throw settings.refuse(DIGESTS, "there is neither this nor '" + CHUNKS.name() + "': nothing to verify with");
        }
        return (inner, key) -> over(inner, key, digests, chunks, allow);
    }

    private static BlobSource over(
            BlobSource inner, BlobKey key, Map<String, Digest> digests, @Nullable Path chunks, boolean allow)
            throws IOException {
        Optional<Path> file = chunks == null ? Optional.empty() : file(chunks, key);
        if (file.isPresent()) {
            return new VerifyingSource(inner, ChunkDigests.read(file.get(), ALGORITHMS));
        }
        Digest digest = digests.get(key.printableName());
        if (digest != null) {
            return new WholeDigestSource(inner, digest, CHUNK);
        }
        if (allow) {
            return inner;
        }
        throw new dev.cachefiles.blob.PermanentException(
                key.printableName() + ": no digest is stated for it in the layer 'verify'");
    }

    private static Optional<Path> file(Path chunks, BlobKey key) {
        return key.fileName().map(name -> chunks.resolve(name + ".digests")).filter(Files::exists);
    }
}
