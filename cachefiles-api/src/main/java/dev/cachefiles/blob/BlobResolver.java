// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import java.io.IOException;

/** Finds the source of a blob. Used by several threads at once. */
@FunctionalInterface
public interface BlobResolver {

    /**
     * Finds a source.
     *
     * @param key the blob's name; untrusted input
     * @return the source, owned by the caller
     * @throws java.nio.file.NoSuchFileException   if there is no such blob
     * @throws java.nio.file.AccessDeniedException if the name is not allowed
     * @throws IOException                         if the source cannot be made
     */
    BlobSource resolve(BlobKey key) throws IOException;
}
