// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.DeviceFd;
import dev.cachefiles.examples.blobserver.commands.Commands;
import dev.cachefiles.examples.blobserver.commands.ServeCommand;
import dev.cachefiles.examples.blobserver.daemon.CacheOpener;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program {@code blob-server}: finds the command that is meant, runs it, and shows how it failed. */
@Command(
        name = "blob-server",
        mixinStandardHelpOptions = true,
        versionProvider = BlobServer.Version.class,
        usageHelpAutoWidth = true,
        customSynopsis = {
            "blob-server --cache-dir=DIR --blobs=DIR [OPTION...]",
            "       blob-server COMMAND [OPTION...] [ARGUMENT...]"
        },
        description = {
            "Serves file system images to the kernel on demand, from directories and from servers. Options without a"
                    + " command are those of 'serve'; 'blob-server COMMAND --help' says it all, 'blob-server serve"
                    + " --help' all settings.",
            ""
        },
        optionListHeading = "Options:%n",
        commandListHeading = "%nCommands:%n",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:done", "1:it did not work, for the reason that was printed", "2:wrong usage or configuration"
        })
public final class BlobServer {
    private static final String SERVE = "serve";
    private static final Set<String> OWN_OPTIONS = Set.of("-h", "--help", "-V", "--version");

    private final CacheOpener opener;
    private final ServeCommand serve;

    /**
     * Makes the program.
     *
     * @param opener binds caches
     */
    public BlobServer(CacheOpener opener) {
        this.opener = opener;
        this.serve = new ServeCommand(opener);
    }

    /**
     * Runs the program.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        System.exit(new BlobServer(BlobServer::bind).start(args));
    }

    /**
     * Runs the program, with the output and messages of the process.
     *
     * @param args the command line
     * @return its exit status
     */
    public int start(String... args) {
        String[] command = withCommand(args);
        if (isDaemon(command)) {
            // A server is to start soon: what it needs is loaded beside, while the command line is read.
            Thread.ofPlatform().daemon().name("prepare").start(CachefilesChannel::prepare);
        }
        return line(command).execute(command);
    }

    /**
     * Runs the program inside another.
     *
     * @param out  where its output goes
     * @param err  where its messages go
     * @param args the command line
     * @return its exit status
     */
    public static int run(PrintWriter out, PrintWriter err, String... args) {
        return new BlobServer(BlobServer::bind).execute(out, err, args);
    }

    int execute(PrintWriter out, PrintWriter err, String... args) {
        String[] command = withCommand(args);
        return line(command).setOut(out).setErr(err).execute(command);
    }

    private CommandLine line(String... command) {
        var handlers = new ExceptionHandlers();
        return (isDaemon(command) ? Commands.daemonAlone(serve) : all())
                .setUsageHelpAutoWidth(true)
                .setExecutionExceptionHandler(handlers)
                .setParameterExceptionHandler(handlers);
    }

    private CommandLine all() {
        CommandLine line = Commands.commandLine(this);
        Commands.addTo(line, serve, opener);
        return line;
    }

    /** Goes on with the device that this process was started with, if it was; else opens it. */
    private static CachefilesChannel bind(CacheOptions options) throws IOException {
        Optional<DeviceFd> passed = DeviceFd.passed("cachefiles");
        return passed.isPresent() ? CachefilesChannel.adopt(options, passed.get()) : CachefilesChannel.open(options);
    }

    /** Options without a command are those of the daemon. */
    static String[] withCommand(String... args) {
        if (args.length > 0 && (!args[0].startsWith("-") || OWN_OPTIONS.contains(args[0]))) {
            return args;
        }
        String[] command = new String[args.length + 1];
        command[0] = SERVE;
        System.arraycopy(args, 0, command, 1, args.length);
        return command;
    }

    /** A server needs no other command. */
    private static boolean isDaemon(String... command) {
        return command[0].equals(SERVE) && Collections.disjoint(OWN_OPTIONS, List.of(command));
    }

    /** Stops the daemon, if it runs. */
    public void stop() {
        serve.stop();
    }

    /** Finds the version in the jar's manifest. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = BlobServer.class.getPackage().getImplementationVersion();
            return new String[] {
                "blob-server " + (version == null ? "(not from a jar)" : version) + ", Java " + Runtime.version()
            };
        }
    }
}
