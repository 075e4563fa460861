// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import dev.cachefiles.examples.blobserver.config.DaemonConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Where a configuration is read from, again whenever it may have changed. */
public interface ConfigSource {

    /**
     * Reads the configuration.
     *
     * @return the configuration
     * @throws IOException if something in it is wrong, or it cannot be read
     */
    DaemonConfig read() throws IOException;

    /**
     * Gives the file to watch.
     *
     * @return the file, or empty if all was said on the command line
     */
    Optional<Path> file();
}
