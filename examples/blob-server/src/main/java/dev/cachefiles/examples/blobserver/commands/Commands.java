// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.daemon.CacheOpener;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** All commands that there are. */
public final class Commands {

    private Commands() {}

    /**
     * Adds the commands.
     *
     * @param line   the line of {@code blob-server} itself
     * @param serve  the daemon
     * @param opener binds a cache
     */
    public static void addTo(CommandLine line, ServeCommand serve, CacheOpener opener) {
        addDaemon(line, serve).getCommandSpec().usageMessage().footer(SettingsHelp.lines());
        List.of(
                        new MountCommand(),
                        new UmountCommand(),
                        new PullCommand(opener),
                        new PushCommand(),
                        new StatusCommand(),
                        new ReloadCommand(),
                        new ConfigCommand(),
                        new DoctorCommand())
                .forEach(line::addSubcommand);
        List<Object> cache = new ArrayList<>(List.of(new CacheListCommand(), new CacheCullCommand(opener)));
        cache.addAll(ArchiveCommands.all());
        addGroup(line, new CacheCommand(), cache);
    }

    /**
     * Adds the daemon alone, without its help.
     *
     * @param line  the line of {@code blob-server} itself
     * @param serve the daemon
     * @return the line of the daemon
     */
    public static CommandLine addDaemon(CommandLine line, ServeCommand serve) {
        var daemon = new CommandLine(serve);
        line.addSubcommand(daemon);
        return daemon;
    }

    /** A group of commands is there as soon as it has one. */
    private static void addGroup(CommandLine line, Object group, List<Object> commands) {
        if (!commands.isEmpty()) {
            var groupLine = new CommandLine(group);
            commands.forEach(groupLine::addSubcommand);
            line.addSubcommand(groupLine);
        }
    }

    /** Gives the line that runs a command. */
    static CommandLine line(@Nullable CommandSpec spec) {
        if (spec == null) {
            throw new IllegalStateException("is run by picocli");
        }
        return spec.commandLine();
    }
}
