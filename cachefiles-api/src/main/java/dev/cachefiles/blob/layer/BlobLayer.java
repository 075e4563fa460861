// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import java.io.IOException;
import java.util.Objects;

/** Makes a layer for each blob. Used by several threads at once. */
@FunctionalInterface
public interface BlobLayer {

    /**
     * Wraps a source.
     *
     * @param source the source, owned by the result, or still by the caller if this throws
     * @param key    the blob's name; untrusted input
     * @return the layer, or {@code source} itself if it needs none
     * @throws IOException if it cannot be made
     */
    BlobSource over(BlobSource source, BlobKey key) throws IOException;

    /**
     * Puts another layer over this one.
     *
     * @param outer the layer that is asked first
     * @return both layers
     */
    default BlobLayer under(BlobLayer outer) {
        Objects.requireNonNull(outer, "outer");
        return (source, key) -> outer.over(over(source, key), key);
    }

    /**
     * Wraps each source of a resolver.
     *
     * @param resolver where the sources come from
     * @return a resolver of wrapped sources
     */
    default BlobResolver over(BlobResolver resolver) {
        Objects.requireNonNull(resolver, "resolver");
        return key -> {
            BlobSource source = resolver.resolve(key);
            try {
                return over(source, key);
            } catch (Throwable t) {
                try {
                    source.close();
                } catch (IOException | RuntimeException e) {
                    t.addSuppressed(e);
                }
                throw t;
            }
        };
    }
}
