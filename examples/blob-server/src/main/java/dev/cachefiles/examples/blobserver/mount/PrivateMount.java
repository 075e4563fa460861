// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.mount;

import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A mount that no one else sees, in the mount namespace of a helper process. It is gone when the helper ends, which it
 * does when this process closes the pipe to it or ends in any way.
 */
public final class PrivateMount implements Closeable {

    /** What the helper does: says that it has mounted, and holds the mount until its standard input ends. */
    private static final String SCRIPT =
            "mount -t erofs -o \"$1\" none \"$2\" || exit 1; echo mounted; exec cat >/dev/null";

    private final Process helper;
    private final Path point;

    private PrivateMount(Process helper, Path point) {
        this.helper = helper;
        this.point = point;
    }

    /**
     * Mounts an image. Waits for the daemon to open it.
     *
     * @param image   the image
     * @param mounter explains failures
     * @return the mount
     * @throws MountedAlready if it is mounted elsewhere, or was just now
     * @throws Refusal     if it cannot be mounted, with the reason
     * @throws IOException if a helper cannot be run
     */
    public static PrivateMount of(Image image, Mounter mounter) throws IOException {
        Path point = Files.createTempDirectory("blob-server");
        point.toFile().deleteOnExit(); // should a signal end this process before the mount is closed
        var mount = new PrivateMount(
                Helper.start("unshare", "--mount", "sh", "-c", SCRIPT, "sh", image.options(), point.toString()), point);
        try {
            mount.await(image, mounter);
        } catch (Throwable t) {
            mount.close();
            throw t;
        }
        return mount;
    }

    private void await(Image image, Mounter mounter) throws IOException {
        var reader = new BufferedReader(new InputStreamReader(helper.getInputStream(), StandardCharsets.UTF_8));
        var errors = new StringBuilder();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (line.equals("mounted")) {
                return;
            }
            errors.append(line).append(' ');
        }
        throw mounter.failure(image, "not mounted", errors.toString());
    }

    /** Unmounts. */
    @Override
    public void close() throws IOException {
        helper.getOutputStream().close();
        try {
            helper.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } finally {
            Files.deleteIfExists(point);
        }
    }
}
