// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.config.ServerSection;
import dev.cachefiles.examples.blobserver.control.ControlClient;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that says where the daemon's socket is. */
final class RuntimeOption {
    static final String NAME = "--runtime-dir";
    static final String DESCRIPTION =
            "where the socket is by which commands reach the daemon (default: " + ServerSection.DEFAULT_RUNTIME + ")";

    @Option(names = NAME, paramLabel = "DIR", description = DESCRIPTION)
    private @Nullable String directory;

    RuntimeOption() {}

    ControlClient client() {
        return client(directory);
    }

    /** Gives the client for the daemon whose socket is in a directory, if one is named. */
    static ControlClient client(@Nullable String directory) {
        return new ControlClient(Path.of(directory == null ? ServerSection.DEFAULT_RUNTIME : directory));
    }
}
