// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import java.io.IOException;
import java.util.Map;

/** Lists the files that may be bootstraps. */
@FunctionalInterface
interface BootstrapFiles {

    /**
     * Lists them, in the order in which they are to be asked.
     *
     * @return versions by names: a file whose version has changed is read again
     * @throws IOException if they cannot be listed
     */
    Map<String, String> list() throws IOException;
}
