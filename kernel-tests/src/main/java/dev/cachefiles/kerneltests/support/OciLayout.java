// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** An OCI layout with an image as its only layer, as any tool would make it that knows no chunk digests. */
public final class OciLayout {

    private OciLayout() {}

    /** Makes a layout in which the image has the tag v2; gives its directory. */
    public static Path create(Path layout, Path image) throws IOException {
        Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
        String digest = sha256(image);
        Files.copy(image, blobs.resolve(digest));
        String manifest = """
                {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
                "config":{"mediaType":"application/vnd.erofs.config.v1+json","digest":"sha256:%s","size":2},
                "layers":[{"mediaType":"application/vnd.erofs.layer.v1","digest":"sha256:%s","size":%d}]}""".formatted(add(blobs, "{}"), digest, Files.size(image));
        Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        Files.writeString(layout.resolve("index.json"), """
                {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",
                "digest":"sha256:%s","size":%d,"annotations":{"org.opencontainers.image.ref.name":"v2"}}]}""".formatted(add(blobs, manifest), manifest.length()));
        return layout;
    }

    private static String add(Path blobs, String text) throws IOException {
        Path file = Files.writeString(blobs.resolve("new"), text);
        String hex = sha256(file);
        Files.move(file, blobs.resolve(hex));
        return hex;
    }

    /** The SHA-256 of a file, by another program than ours. */
    static String sha256(Path file) {
        return Shell.run("sha256sum", file.toString()).orThrow().split(" ", 2)[0];
    }
}
