// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.daemon.CacheOpener;
import dev.cachefiles.examples.blobserver.daemon.Daemon;
import dev.cachefiles.examples.blobserver.daemon.Hangup;
import dev.cachefiles.examples.blobserver.support.LogLines;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code blob-server serve}, the daemon. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        customSynopsis = {
            "blob-server serve --cache-dir=DIR --blobs=DIR [OPTION...]",
            "       blob-server serve --cache-dir=DIR --source=URL [OPTION...]",
            "       blob-server serve --config=FILE [OPTION...]"
        },
        description = {
            "Serves blobs to the kernel, which asks for them on demand: images can be mounted at once, and only the"
                    + " pages that are read are ever fetched.",
            "",
            "Prints 'ready' on standard output when mounts can be made. Needs /dev/cachefiles, the capability"
                    + " CAP_SYS_ADMIN, and a cache directory on ext4 or xfs. Mount from another process:",
            "",
            "  mount -t erofs -o fsid=NAME none /mnt",
            "",
            "where NAME is a blob of a source. A blob must not change while it is served, nor come back under"
                    + " its name with other bytes: the kernel keeps what it has cached.",
            "",
            "SIGHUP makes it read its configuration again, as 'blob-server reload' does.",
            ""
        },
        optionListHeading = "Options:%n",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:stopped by SIGTERM or SIGINT; what was in flight has been answered",
            "1:cannot serve, or not any longer: the device, a directory",
            "2:wrong usage, or a wrong configuration"
        })
public final class ServeCommand implements Callable<Integer> {
    private final CacheOpener opener;
    private volatile @Nullable Daemon daemon;

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private SourceOptions sources = new SourceOptions();

    @Option(names = "--device", paramLabel = "PATH", description = "the kernel's device")
    private @Nullable String device;

    @Option(names = "--verbose", description = "log each OPEN and CLOSE too, and stack traces")
    private boolean verbose;

    /**
     * Makes the command.
     *
     * @param opener binds the cache
     */
    public ServeCommand(CacheOpener opener) {
        this.opener = opener;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        LogLines.install(verbose);
        CommandLine line = Commands.running(spec);
        sources.setDevice(device);
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
