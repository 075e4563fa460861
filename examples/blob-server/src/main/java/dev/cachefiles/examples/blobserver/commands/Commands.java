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
        CommandLine daemon = serve.commandLine();
        daemon.getCommandSpec().versionProvider(line.getCommandSpec().versionProvider());
        daemon.getCommandSpec().usageMessage().footer(SettingsHelp.lines());
        line.addSubcommand(daemon);
        List.of(
                        commandLine(new MountCommand()),
                        commandLine(new UmountCommand()),
                        new PullCommand(opener).commandLine(),
                        commandLine(new PushCommand()),
                        commandLine(new StatusCommand()),
                        commandLine(new ReloadCommand()),
                        commandLine(new ConfigCommand()),
                        commandLine(new DoctorCommand()))
                .forEach(line::addSubcommand);
        List<Object> cache = new ArrayList<>(List.of(new CacheListCommand(), new CacheCullCommand(opener)));
        cache.addAll(ArchiveCommands.all());
        addGroup(line, new CacheCommand(), cache);
    }

    /**
     * Makes a line of {@code blob-server} that has no command but the daemon, and not the help on its settings.
     *
     * @param serve the daemon
     * @return the line
     */
    public static CommandLine daemonAlone(ServeCommand serve) {
        return commandLine(CommandSpec.create().name("blob-server")).addSubcommand(serve.commandLine());
    }

    /**
     * Makes the line of a command.
     *
     * @param command the command
     * @return its line
     */
    public static CommandLine commandLine(Object command) {
        return new CommandLine(command, new ConstructorFactory());
    }

    /** A group of commands is there as soon as it has one. */
    private static void addGroup(CommandLine line, Object group, List<Object> commands) {
        if (!commands.isEmpty()) {
            CommandLine groupLine = commandLine(group);
            commands.forEach(command -> groupLine.addSubcommand(commandLine(command)));
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
