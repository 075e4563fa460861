// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.control.ControlClient;
import dev.cachefiles.examples.blobserver.daemon.CacheOpener;
import dev.cachefiles.examples.blobserver.mount.Image;
import dev.cachefiles.examples.blobserver.mount.MountedAlready;
import dev.cachefiles.examples.blobserver.mount.Mounter;
import dev.cachefiles.examples.blobserver.mount.PrivateMount;
import dev.cachefiles.examples.blobserver.support.LogLines;
import dev.cachefiles.examples.blobserver.support.NotMounted;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code blob-server pull}. */
@Command(
        name = "pull",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Puts all of an image into the cache, so that no one waits for it any more. The running daemon does it; if"
                    + " options say what is served, and into which cache, one is started for that long. What is there"
                    + " is not fetched again: a pull that was interrupted goes on where it was.",
            "",
            "The image is mounted meanwhile, where no one sees it, unless it is mounted already.",
            ""
        })
public final class PullCommand implements Callable<Integer> {
    /** How long a mount that is just going away may be in the way. */
    private static final Duration LONGEST_UNMOUNT = Duration.ofSeconds(20);

    private final CacheOpener opener;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "NAME", description = "the image, as its source knows it")
    private String name = "";

    @Mixin
    private ImageOptions image = new ImageOptions();

    private final SourceOptions sources = new SourceOptions(false);

    @Option(names = "--verbose", description = "log each OPEN and CLOSE too, and stack traces")
    private boolean verbose;

    /**
     * Makes the command.
     *
     * @param opener binds the cache, where no daemon has
     */
    public PullCommand(CacheOpener opener) {
        this.opener = opener;
    }

    /** Makes its line. */
    CommandLine commandLine() {
        CommandLine line = Commands.commandLine(this);
        sources.addTo(line.getCommandSpec());
        return line;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Image wanted = image.named(name);
        CommandLine line = Commands.line(spec);
        if (!sources.areGiven()) {
            pull(wanted, sources.client(), line);
            return 0;
        }
        LogLines.install(verbose);
        try (var daemon = OwnDaemon.start(opener, sources.on(line))) {
            pull(wanted, daemon.client(), line);
        }
        return 0;
    }

    private static void pull(Image image, ControlClient daemon, CommandLine line) throws IOException {
        var words = new ArrayList<>(List.of("pull", image.keyDomain()));
        if (image.domain().isPresent()) {
            words.addAll(image.blobs()); // a domain holds blobs of other images too
        }
        try (var progress = PullProgress.on(line.getOut())) {
            long start = System.nanoTime();
            while (true) {
                if (pullMounted(image, daemon, words, progress)) {
                    return;
                }
                try (PrivateMount _ = PrivateMount.of(image, new Mounter(daemon))) {
                    daemon.ask(words, progress);
                    return;
                } catch (MountedAlready e) {
                    if (System.nanoTime() - start > LONGEST_UNMOUNT.toNanos()) {
                        throw e;
                    }
                    LockSupport.parkNanos(50_000_000);
                }
            }
        }
    }

    /** Pulls an image that others have mounted; returns false if there is none, or if it goes away meanwhile. */
    private static boolean pullMounted(Image image, ControlClient daemon, List<String> words, PullProgress progress)
            throws IOException {
        if (!daemon.lines("open", image.keyDomain(), image.name()).contains("yes")) {
            return false;
        }
        try {
            daemon.ask(words, progress);
            return true;
        } catch (NotMounted e) {
            return false;
        }
    }
}
