// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.http.Authorization;
import dev.cachefiles.examples.blobserver.http.HttpAnswer;
import dev.cachefiles.examples.blobserver.http.HttpSource;
import dev.cachefiles.examples.blobserver.http.HttpTransport;
import dev.cachefiles.examples.blobserver.support.Sha256;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One repository of a registry, by the distribution specification of OCI. Safe for use by several threads.
 *
 * <p>Owns its transport.
 */
final class Registry implements Closeable {
    private static final int LARGEST_MANIFEST = 4 << 20;
    private static final HttpSource.Options BLOB = new HttpSource.Options(List.of(), true, false, 16 << 20);

    private final OciReference reference;
    private final URI api;
    private final HttpTransport transport;
    private final Authorization authorization;

    Registry(OciReference reference, boolean plainHttp, HttpTransport transport, Authorization authorization) {
        this.reference = reference;
        this.api = reference.api(plainHttp);
        this.transport = transport;
        this.authorization = authorization;
    }

    /** Fetches the manifest of a tag or a digest; of one for several platforms, that of this one. */
    ImageManifest manifest(String version) throws IOException {
        return manifest(version, true);
    }

    private ImageManifest manifest(String version, boolean mayBeIndex) throws IOException {
        OciReference where = reference.at(version);
        byte[] bytes;
        String type;
        try (HttpAnswer answer = transport.send(
                api.resolve("manifests/" + version),
                authorization,
                request -> request.setHeader(
                        "Accept",
                        String.join(
                                ", ",
                                MediaTypes.MANIFEST,
                                MediaTypes.INDEX,
                                MediaTypes.DOCKER_MANIFEST,
                                MediaTypes.DOCKER_INDEX)))) {
            if (answer.status() == 404) {
                throw new NoSuchFileException(where.toString(), null, "the registry has no such image");
            }
            if (answer.status() != 200) {
                throw answer.failure();
            }
            bytes = answer.bytes(LARGEST_MANIFEST);
            type = answer.header("Content-Type");
        }
        String digest = Sha256.of(bytes);
        if (Sha256.isDigest(version) && !digest.equals(version)) {
            throw new WrongBytesException(where + ": the registry has sent a manifest with the digest " + digest);
        }
        Json json;
        try {
            json = Json.parse(bytes);
        } catch (IOException e) {
            throw new PermanentException(where + ": the manifest is not JSON", e);
        }
        String kind = json.text("mediaType").isEmpty() ? type : json.text("mediaType");
        if (kind.startsWith(MediaTypes.INDEX) || kind.startsWith(MediaTypes.DOCKER_INDEX)) {
            if (!mayBeIndex) {
                throw new PermanentException(where + ": is an index in an index");
            }
            return manifest(ofThisPlatform(where, json), false);
        }
        return ImageManifest.of(reference.at(digest), json);
    }

    private static String ofThisPlatform(OciReference where, Json index) throws IOException {
        List<Json> manifests = index.objects("manifests");
        if (manifests.size() == 1) {
            return Descriptor.of(manifests.getFirst(), where.toString()).digest();
        }
        String machine = switch (System.getProperty("os.arch").toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64" -> "amd64";
            case "aarch64" -> "arm64";
            case String other -> other;
        };
        for (Json manifest : manifests) {
            Json platform = manifest.object("platform");
            if (platform.text("os").equals("linux")
                    && platform.text("architecture").equals(machine)) {
                return Descriptor.of(manifest, where.toString()).digest();
            }
        }
        throw new NoSuchFileException(where.toString(), null, "has no image for linux/" + machine);
    }

    /** Gives a blob to be read in ranges; the registry is not asked yet. */
    HttpSource blob(Descriptor descriptor) {
        return HttpSource.ofSize(transport, authorization, blobUri(descriptor.digest()), descriptor.size(), BLOB);
    }

    /** Asks the registry for the size of a blob that no manifest was seen of. */
    HttpSource blob(String digest) throws IOException {
        return HttpSource.open(transport, authorization, blobUri(digest), BLOB);
    }

    /** Fetches a small blob whole, and checks its digest. */
    byte[] bytes(Descriptor descriptor) throws IOException {
        try (HttpAnswer answer = transport.send(blobUri(descriptor.digest()), authorization, request -> {})) {
            if (answer.status() != 200) {
                throw answer.failure();
            }
            byte[] bytes = answer.bytes(Math.toIntExact(descriptor.size()));
            if (!Sha256.of(bytes).equals(descriptor.digest())) {
                throw new WrongBytesException(descriptor.digest() + ": the registry has sent wrong bytes");
            }
            return bytes;
        }
    }

    private URI blobUri(String digest) {
        return api.resolve("blobs/" + digest);
    }

    /** Tells whether the registry has a blob. */
    boolean has(String digest) throws IOException {
        try (HttpAnswer answer = transport.send(blobUri(digest), authorization, HttpRequest.Builder::HEAD)) {
            return switch (answer.status()) {
                case 200 -> true;
                case 404 -> false;
                default -> throw answer.failure();
            };
        }
    }

    /** Uploads a blob, whose body may be sent more than once. */
    void upload(String digest, HttpRequest.BodyPublisher body) throws IOException {
        URI location;
        try (HttpAnswer answer = transport.send(
                api.resolve("blobs/uploads/"),
                authorization,
                request -> request.POST(HttpRequest.BodyPublishers.noBody()))) {
            if (answer.status() != 202 || answer.header("Location").isEmpty()) {
                throw refused(answer);
            }
            location = answer.uri().resolve(answer.header("Location"));
        }
        URI target = URI.create(location + (location.getRawQuery() == null ? "?" : "&") + "digest=" + digest);
        try (HttpAnswer answer = transport.send(
                target,
                HttpTransport.isSameServer(api, target) ? authorization : Authorization.NONE,
                request -> request.setHeader("Content-Type", "application/octet-stream")
                        .PUT(body))) {
            if (answer.status() != 201) {
                throw refused(answer);
            }
        }
    }

    /** Puts a manifest under a tag or its digest. */
    void put(String version, byte[] manifest) throws IOException {
        try (HttpAnswer answer = transport.send(
                api.resolve("manifests/" + version),
                authorization,
                request -> request.setHeader("Content-Type", MediaTypes.MANIFEST)
                        .PUT(HttpRequest.BodyPublishers.ofByteArray(manifest)))) {
            if (answer.status() != 201) {
                throw refused(answer);
            }
        }
    }

    /** To one who writes, 404 says nothing of a file. */
    private static IOException refused(HttpAnswer answer) {
        IOException failure = answer.failure();
        return failure instanceof TransientException || failure instanceof PermanentException
                ? failure
                : new PermanentException(
                        answer.uri() + ": the registry answers " + answer.status() + "; may one write there?", failure);
    }

    Optional<String> tagOrDigest() {
        return reference.version().isEmpty() ? Optional.empty() : Optional.of(reference.version());
    }

    OciReference reference() {
        return reference;
    }

    @Override
    public void close() {
        transport.close();
    }
}
