// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.sources;

import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.examples.blobserver.support.Preflight;
import java.util.Map;

/**
 * What the daemon provides to a source.
 *
 * @param name      the name of the source in the configuration, for messages
 * @param preflight checks directories and files that bytes are served from
 * @param others    the sources above this one in the configuration, by their names
 */
public record SourceContext(String name, Preflight preflight, Map<String, BlobResolver> others) {

    /** Copies the map. */
    public SourceContext {
        others = Map.copyOf(others);
    }
}
