// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.examples.blobserver.support.Sha256;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a manifest says of a blob.
 *
 * @param mediaType   its kind
 * @param digest      its digest, {@code sha256:...}
 * @param size        its size in bytes
 * @param annotations more about it
 */
record Descriptor(String mediaType, String digest, long size, Map<String, String> annotations) {

    Descriptor {
        annotations = Map.copyOf(annotations);
    }

    static Descriptor of(Json json, String where) throws PermanentException {
        String digest = json.text("digest");
        long size = json.number("size");
        if (!Sha256.isDigest(digest) || size < 0) {
            throw new PermanentException(
                    where + ": the manifest names a blob without a digest sha256:... and a size: " + json.fields());
        }
        var annotations = new HashMap<String, String>();
        json.object("annotations").fields().forEach((name, value) -> {
            if (name instanceof String key && value instanceof String text) {
                annotations.put(key, text);
            }
        });
        return new Descriptor(json.text("mediaType"), digest, size, annotations);
    }

    Map<String, Object> toJson() {
        var json = new LinkedHashMap<String, Object>();
        json.put("mediaType", mediaType);
        json.put("digest", digest);
        json.put("size", size);
        if (!annotations.isEmpty()) {
            json.put("annotations", new java.util.TreeMap<>(annotations));
        }
        return json;
    }

    String annotation(String name) {
        return annotations.getOrDefault(name, "");
    }
}
