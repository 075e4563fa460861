// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.config;

import dev.cachefiles.blob.BlobKey;
import java.util.List;

/**
 * Which blobs a source is for.
 *
 * @param domains  domains; empty for all
 * @param names    whole names, in the form of {@link BlobKey#printableName}
 * @param prefixes beginnings of names, in the same form; all names fit if both lists are empty
 */
public record Match(List<String> domains, List<String> names, List<String> prefixes) {

    /** Copies the lists. */
    public Match {
        domains = List.copyOf(domains);
        names = List.copyOf(names);
        prefixes = List.copyOf(prefixes);
    }

    /**
     * Tests a blob.
     *
     * @param key the blob's key
     * @return whether the source is for it
     */
    public boolean fits(BlobKey key) {
        String name = key.printableName();
        return (domains.isEmpty() || domains.contains(key.domain()))
                && ((names.isEmpty() && prefixes.isEmpty())
                        || names.contains(name)
                        || prefixes.stream().anyMatch(name::startsWith));
    }
}
