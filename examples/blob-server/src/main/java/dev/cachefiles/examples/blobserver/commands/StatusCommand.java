// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

/** {@code blob-server status}. */
@picocli.CommandLine.Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = "Shows what the daemon has served, which blobs are open, how much of each is in the cache, and"
                + " how it failed last.")
public final class StatusCommand extends AskingCommand {

    /** Makes the command. */
    public StatusCommand() {
        super("status");
    }
}
