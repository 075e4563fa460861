// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import picocli.CommandLine.Command;

/** {@code blob-server cache}: the group of the commands that look at a cache or change it. */
@Command(
        name = "cache",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Looks at a cache or changes it.")
public final class CacheCommand {

    /** Makes the group. */
    public CacheCommand() {}
}
