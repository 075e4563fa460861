// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

/** The kinds of things in a registry that matter here. */
final class MediaTypes {
    /** An EROFS image as a layer, as containerd's EROFS snapshotter calls it. */
    static final String EROFS_LAYER = "application/vnd.erofs.layer.v1";

    /** What an image that was pushed from here is. */
    static final String EROFS_ARTIFACT = "application/vnd.erofs.image.v1";

    /** The SHA-256 of each chunk of another layer, one after the other. */
    static final String CHUNK_DIGESTS = "application/vnd.cachefiles.chunk-digests.v1";

    static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    static final String INDEX = "application/vnd.oci.image.index.v1+json";
    static final String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
    static final String DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json";
    static final String EMPTY = "application/vnd.oci.empty.v1+json";

    static final String TITLE = "org.opencontainers.image.title";

    /** On a layer of chunk digests: the digest of the layer that it is about, and the bytes in a chunk. */
    static final String CHUNKS_OF = "dev.cachefiles.chunks.of";

    static final String CHUNK_SIZE = "dev.cachefiles.chunks.size";

    private MediaTypes() {}

    static boolean isErofs(String mediaType) {
        return mediaType.contains("erofs") && !mediaType.contains("+");
    }
}
