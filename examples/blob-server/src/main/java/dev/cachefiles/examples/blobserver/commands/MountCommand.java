// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.control.ControlClient;
import dev.cachefiles.examples.blobserver.mount.Image;
import dev.cachefiles.examples.blobserver.mount.Mounter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blob-server mount}. */
@Command(
        name = "mount",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Mounts an image that the daemon serves. Needs mount(8), and the capability CAP_SYS_ADMIN.")
public final class MountCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "NAME", description = "the image, as its source knows it")
    private String name = "";

    @Parameters(index = "1", paramLabel = "DIR", description = "where to mount it; made if missing")
    private Path point = Path.of("");

    @Mixin
    private ImageOptions image = new ImageOptions();

    @Option(
            names = "--overlay",
            paramLabel = "STATE",
            description = "make it writable: what is written is kept in this directory, on ext4 or the like; made if"
                    + " missing")
    private @Nullable Path state;

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "how long to wait for the daemon to start (default: ${DEFAULT-VALUE})")
    private int wait = 30;

    @Mixin
    private RuntimeOption runtime = new RuntimeOption();

    /** Makes the command. */
    public MountCommand() {}

    @Override
    public Integer call() throws IOException {
        Image named = image.named(name);
        ControlClient daemon = runtime.client();
        daemon.await(Duration.ofSeconds(wait));
        var mounter = new Mounter(daemon);
        Path upper = state;
        if (upper == null) {
            mounter.mount(named, point);
        } else {
            mounter.mountWritable(named, point, upper);
        }
        return 0;
    }
}
