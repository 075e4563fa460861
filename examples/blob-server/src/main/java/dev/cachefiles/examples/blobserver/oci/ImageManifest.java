// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.blob.PermanentException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An image: its digest and its layers.
 *
 * @param where  the image, with its digest
 * @param layers the layers
 */
record ImageManifest(OciReference where, List<Descriptor> layers) {

    ImageManifest {
        layers = List.copyOf(layers);
    }

    static ImageManifest of(OciReference where, Json json) throws PermanentException {
        var layers = new ArrayList<Descriptor>();
        for (Json layer : json.objects("layers")) {
            layers.add(Descriptor.of(layer, where.toString()));
        }
        return new ImageManifest(where, layers);
    }

    /** Finds the layer with a title, or with a digest, with or without {@code sha256:}. */
    Optional<Descriptor> named(String name) {
        return layers.stream()
                .filter(layer -> layer.digest().equals(name)
                        || layer.digest().equals("sha256:" + name)
                        || layer.annotation(MediaTypes.TITLE).equals(name))
                .filter(layer -> !layer.mediaType().equals(MediaTypes.CHUNK_DIGESTS))
                .findFirst();
    }

    /** Gives the layer that is meant when the image is named. */
    Descriptor only() throws PermanentException, NoSuchFileException {
        List<Descriptor> images = layers.stream()
                .filter(layer -> MediaTypes.isErofs(layer.mediaType()))
                .toList();
        if (images.isEmpty()) {
            images = layers.stream()
                    .filter(layer -> !layer.mediaType().equals(MediaTypes.CHUNK_DIGESTS))
                    .toList();
        }
        if (images.size() == 1) {
            return images.getFirst();
        }
        if (images.isEmpty()) {
            throw new NoSuchFileException(where.toString(), null, "has no layers");
        }
        throw new PermanentException(where + ": has " + images.size()
                + " layers that may be meant; name one by its title or digest: "
                + images.stream()
                        .map(layer -> layer.annotation(MediaTypes.TITLE) + " " + layer.digest())
                        .toList());
    }

    /** Finds the digests of a layer's chunks. */
    Optional<Descriptor> chunkDigests(Descriptor layer) {
        return layers.stream()
                .filter(candidate -> candidate.mediaType().equals(MediaTypes.CHUNK_DIGESTS)
                        && candidate.annotation(MediaTypes.CHUNKS_OF).equals(layer.digest()))
                .findFirst();
    }
}
