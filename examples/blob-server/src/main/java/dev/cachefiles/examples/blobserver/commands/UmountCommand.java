// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.mount.Mounter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code blob-server umount}. */
@Command(
        name = "umount",
        mixinStandardHelpOptions = true,
        description = "Unmounts an image, and with an overlay the image below it. What was written is kept.")
public final class UmountCommand implements Callable<Integer> {

    @Parameters(paramLabel = "DIR", description = "where it is mounted")
    private Path point = Path.of("");

    @Mixin
    private RuntimeOption runtime = new RuntimeOption();

    /** Makes the command. */
    public UmountCommand() {}

    @Override
    public Integer call() throws IOException {
        new Mounter(runtime.client()).unmount(point);
        return 0;
    }
}
