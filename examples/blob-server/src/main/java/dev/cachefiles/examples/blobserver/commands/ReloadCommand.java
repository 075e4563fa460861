// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

/** {@code blob-server reload}. */
@picocli.CommandLine.Command(
        name = "reload",
        mixinStandardHelpOptions = true,
        description = "Makes the daemon read its configuration again. If something in it is wrong, nothing changes, and"
                + " this command says what it is. Blobs that are open keep the source they have.")
public final class ReloadCommand extends AskingCommand {

    /** Makes the command. */
    public ReloadCommand() {
        super("reload");
    }
}
