// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.daemon.CacheOpener;
import dev.cachefiles.examples.blobserver.daemon.Daemon;
import dev.cachefiles.examples.blobserver.daemon.Hangup;
import dev.cachefiles.examples.blobserver.support.LogLines;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * {@code blob-server serve}, the daemon. Picocli is told of it by its builders, as of {@link SourceOptions}: what it would
 * have to find as annotations takes a good part of a start.
 */
public final class ServeCommand implements Callable<Integer> {
    private static final Map<String, String> EXIT_STATUS = exitStatus();

    private final CacheOpener opener;
    private final SourceOptions sources = new SourceOptions(true);
    private final OptionSpec verbose = flag("--verbose")
            .description("log each OPEN and CLOSE too, and stack traces")
            .build();
    private @Nullable CommandSpec spec;
    private volatile @Nullable Daemon daemon;

    /**
     * Makes the command.
     *
     * @param opener binds the cache
     */
    public ServeCommand(CacheOpener opener) {
        this.opener = opener;
    }

    /** Makes its line. */
    CommandLine commandLine() {
        CommandSpec command = CommandSpec.wrapWithoutInspection(this).name("serve");
        spec = command;
        sources.addTo(command);
        command.addOption(verbose);
        command.addOption(flag("-h", "--help")
                .usageHelp(true)
                .description("Show this help message and exit.")
                .build());
        command.addOption(flag("-V", "--version")
                .versionHelp(true)
                .description("Print version information and exit.")
                .build());
        command.usageMessage()
                .sortOptions(false)
                .customSynopsis(
                        "blob-server serve --cache-dir=DIR --blobs=DIR [OPTION...]",
                        "       blob-server serve --cache-dir=DIR --source=URL [OPTION...]",
                        "       blob-server serve --config=FILE [OPTION...]")
                .description(
                        "Serves blobs to the kernel, which asks for them on demand: images can be mounted at once, and"
                                + " only the pages that are read are ever fetched.",
                        "",
                        "Prints 'ready' on standard output when mounts can be made. Needs /dev/cachefiles, the"
                                + " capability CAP_SYS_ADMIN, and a cache directory on ext4 or xfs. Mount from another"
                                + " process:",
                        "",
                        "  mount -t erofs -o fsid=NAME none /mnt",
                        "",
                        "where NAME is a blob of a source. A blob must not change while it is served, nor come back"
                                + " under its name with other bytes: the kernel keeps what it has cached.",
                        "",
                        "SIGHUP makes it read its configuration again, as 'blob-server reload' does.",
                        "")
                .optionListHeading("Options:%n")
                .exitCodeListHeading("%nExit status:%n")
                .exitCodeList(EXIT_STATUS);
        return Commands.commandLine(command);
    }

    private static Map<String, String> exitStatus() {
        var status = new LinkedHashMap<String, String>();
        status.put("0", "stopped by SIGTERM or SIGINT; what was in flight has been answered");
        status.put("1", "cannot serve, or not any longer: the device, a directory");
        status.put("2", "wrong usage, or a wrong configuration");
        return status;
    }

    private static OptionSpec.Builder flag(String... names) {
        return OptionSpec.builder(names[0], names).type(boolean.class).arity("0");
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        LogLines.install(Boolean.TRUE.equals(verbose.getValue()));
        CommandLine line = Commands.line(spec);
        var running = new Daemon(opener, sources.on(line), false);
        daemon = running;
        try (Hangup _ = Hangup.calls(running::reload)) {
            running.run(() -> {
                line.getOut().println("ready");
                line.getOut().flush();
            });
        }
        return CommandLine.ExitCode.OK;
    }

    /** Stops to serve: {@link #call} returns when what is in flight has been answered. Does nothing before it serves. */
    public void stop() {
        Daemon running = daemon;
        if (running != null) {
            running.stop();
        }
    }
}
