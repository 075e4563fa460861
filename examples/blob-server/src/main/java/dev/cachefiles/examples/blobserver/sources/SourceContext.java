// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.sources;

import dev.cachefiles.examples.blobserver.support.Preflight;

/**
 * What the daemon provides to a source.
 *
 * @param name      the name of the source in the configuration, for messages
 * @param preflight checks directories and files that bytes are served from
 */
public record SourceContext(String name, Preflight preflight) {}
