// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.config.DaemonConfig;
import dev.cachefiles.examples.blobserver.daemon.Daemon;
import dev.cachefiles.examples.blobserver.settings.YamlFile;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code blob-server config}: commands for configuration files. */
@Command(
        name = "config",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Works with configuration files; 'blob-server serve --help' lists all settings.")
public final class ConfigCommand {

    @Spec
    private @Nullable CommandSpec spec;

    /** Makes the command. */
    public ConfigCommand() {}

    /** {@code blob-server config check FILE}. */
    @Command(
            name = "check",
            mixinStandardHelpOptions = true,
            description =
                    "Reads a configuration as the daemon would on this machine, and says what is wrong with it. Asks no"
                            + " server, and binds no cache.",
            exitCodeListHeading = "%nExit status:%n",
            exitCodeList = {
                "0:nothing is wrong",
                "1:the file, or one that it names, cannot be used",
                "2:something is wrong"
            })
    int check(@Parameters(paramLabel = "FILE", description = "the configuration") Path file) throws IOException {
        DaemonConfig config = DaemonConfig.read(YamlFile.read(file));
        Daemon.check(config);
        Commands.line(spec)
                .getOut()
                .println(file + ": good, " + config.sources().size() + " source"
                        + (config.sources().size() == 1 ? "" : "s"));
        return 0;
    }
}
