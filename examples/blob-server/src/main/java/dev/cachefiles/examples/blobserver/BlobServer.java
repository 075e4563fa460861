// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.blob.BlobHandler;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code blob-server}. */
@Command(
        name = "blob-server",
        mixinStandardHelpOptions = true,
        versionProvider = BlobServer.Version.class,
        sortOptions = false,
        usageHelpAutoWidth = true,
        customSynopsis = "blob-server --cache-dir=DIR --blobs=DIR [OPTION...]",
        description = {
            "Serves the files of a directory to the kernel, which asks for them on demand: images can be mounted at"
                    + " once, and only the pages that are read are ever fetched.",
            "",
            "Prints 'ready' on standard output when mounts can be made. Needs /dev/cachefiles, the capability"
                    + " CAP_SYS_ADMIN, and a cache directory on ext4 or xfs. Mount from another process:",
            "",
            "  mount -t erofs -o fsid=NAME none /mnt",
            "",
            "where NAME is a file in the directory. A file must not change while it is served, nor come back under"
                    + " its name with other bytes: the kernel keeps what it has cached.",
            ""
        },
        optionListHeading = "Options:%n",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:stopped by SIGTERM, SIGINT or SIGHUP; what was in flight has been answered",
            "1:cannot serve, or not any longer: the device, a directory",
            "2:wrong usage"
        })
public final class BlobServer implements Callable<Integer> {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");
    private static final int CANNOT_SERVE = 1;
    private static final Duration LONGEST_STOP = Duration.ofSeconds(60);
    private static final int LONGEST_DEADLINE_SECONDS = 3600;

    private final Opener opener;
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile @Nullable OnDemandServer server;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--cache-dir",
            required = true,
            paramLabel = "DIR",
            description = "where the kernel keeps the cache; made if missing")
    private Path cacheDirectory = Path.of("");

    @Option(names = "--blobs", required = true, paramLabel = "DIR", description = "the directory with the blobs")
    private Path blobs = Path.of("");

    @Option(
            names = "--tag",
            paramLabel = "T",
            defaultValue = CacheOptions.DEFAULT_TAG,
            description = "the cache's tag, the same at each start (default: ${DEFAULT-VALUE})")
    private String tag = CacheOptions.DEFAULT_TAG;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "1",
            description = "how many threads wait for the kernel; one is fastest for local files"
                    + " (default: ${DEFAULT-VALUE})")
    private int threads = 1;

    @Option(
            names = "--open-deadline",
            paramLabel = "SECONDS",
            defaultValue = "15",
            description = "let a mount fail that cannot be served in that time (default: ${DEFAULT-VALUE})")
    private double openSeconds = 15;

    @Option(
            names = "--read-deadline",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "let a read fail that cannot be served in that time (default: ${DEFAULT-VALUE})")
    private double readSeconds = 30;

    @Option(
            names = "--device",
            paramLabel = "PATH",
            defaultValue = "/dev/cachefiles",
            description = "the kernel's device (default: ${DEFAULT-VALUE})")
    private Path device = CacheOptions.DEFAULT_DEVICE;

    @Option(
            names = "--stats",
            paramLabel = "SECONDS",
            defaultValue = "0",
            description = "log counts of requests that often; 0: only at the end (default: ${DEFAULT-VALUE})")
    private double statsSeconds;

    @Option(names = "--verbose", description = "log each OPEN and CLOSE too, and stack traces")
    private boolean verbose;

    /** Binds a cache; in tests, that of another kernel. */
    @FunctionalInterface
    interface Opener {
        CachefilesChannel open(CacheOptions options) throws IOException;
    }

    BlobServer(Opener opener) {
        this.opener = opener;
    }

    /**
     * Runs the command.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        System.exit(commandLine(new BlobServer(CachefilesChannel::open)).execute(args));
    }

    static CommandLine commandLine(BlobServer command) {
        return new CommandLine(command)
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    error(line, Failures.describe(failure));
                    if (command.verbose) {
                        failure.printStackTrace(line.getErr());
                    }
                    return CANNOT_SERVE;
                })
                .setParameterExceptionHandler((failure, args) -> {
                    error(failure.getCommandLine(), String.valueOf(failure.getMessage()));
                    failure.getCommandLine().getErr().println("Try 'blob-server --help'.");
                    return CommandLine.ExitCode.USAGE;
                });
    }

    private static void error(CommandLine line, String message) {
        line.getErr().println("blob-server: " + message);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        LogLines.install(verbose);
        CacheOptions.Builder options = checkUsage();
        try (var handler = new BlobHandler(checkDirectories())) {
            var stats = new ServerStats();
            CachefilesChannel channel = opener.open(options.build());
            var running = OnDemandServer.builder(channel)
                    .handler(handler)
                    .listener(stats)
                    .threads(threads)
                    .openDeadline(duration(openSeconds))
                    .readDeadline(duration(readSeconds))
                    .start();
            server = running;
            serve(running, stats);
        } finally {
            finished.countDown();
        }
        return CommandLine.ExitCode.OK;
    }

    private void serve(OnDemandServer running, ServerStats stats) throws IOException, InterruptedException {
        var onSignal = new Thread(this::stopAndHalt, "stop");
        Runtime.getRuntime().addShutdownHook(onSignal);
        StatsReporter reporter = StatsReporter.start(stats, statsSeconds);
        try (running) {
            out().println("ready");
            out().flush();
            running.awaitTermination();
        } finally {
            reporter.stop();
            LOG.log(System.Logger.Level.INFO, "stopped: {0}", stats.snapshot());
            removeHook(onSignal);
        }
    }

    /** Stops to serve: {@link #call} returns when what is in flight has been answered. Does nothing before it serves. */
    void stop() {
        OnDemandServer running = server;
        if (running != null) {
            running.close();
        }
    }

    /** A stop that was asked for is no failure: without this, the JVM would exit with 143 or 130. */
    private void stopAndHalt() {
        stop();
        try {
            if (finished.await(LONGEST_STOP.toSeconds(), TimeUnit.SECONDS)) {
                Runtime.getRuntime().halt(CommandLine.ExitCode.OK);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is on its way down: it is this hook that has stopped the server.
        }
    }

    private CacheOptions.Builder checkUsage() {
        try {
            if (threads < 1 || threads > OnDemandServer.Builder.MAX_THREADS) {
                throw new IllegalArgumentException(
                        "--threads " + threads + " is not from 1 to " + OnDemandServer.Builder.MAX_THREADS);
            }
            checkDeadline("--open-deadline", openSeconds);
            checkDeadline("--read-deadline", readSeconds);
            if (!(statsSeconds >= 0 && statsSeconds <= StatsReporter.MAX_SECONDS)) {
                throw new IllegalArgumentException(
                        "--stats " + statsSeconds + " is not from 0 to " + StatsReporter.MAX_SECONDS);
            }
            return CacheOptions.builder(cacheDirectory).device(device).tag(tag);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private static void checkDeadline(String option, double seconds) {
        if (!(seconds >= 0.001 && seconds <= LONGEST_DEADLINE_SECONDS)) {
            throw new IllegalArgumentException(
                    option + " " + seconds + " is not from 0.001 to " + LONGEST_DEADLINE_SECONDS);
        }
    }

    private static Duration duration(double seconds) {
        return Duration.ofMillis(Math.round(1000 * seconds));
    }

    private DirectoryResolver checkDirectories() throws IOException {
        var preflight = new Preflight(MountTable.read(MountTable.SELF));
        preflight.ownCode();
        Path realBlobs = preflight.blobs(blobs);
        boolean made = !Files.exists(cacheDirectory);
        preflight.cache(cacheDirectory, realBlobs);
        if (made) {
            LOG.log(System.Logger.Level.INFO, "created {0}", cacheDirectory);
        }
        return new DirectoryResolver(realBlobs);
    }

    private PrintWriter out() {
        return commandLine().getOut();
    }

    private CommandLine commandLine() {
        if (spec == null) {
            throw new IllegalStateException("is run by picocli");
        }
        return spec.commandLine();
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
