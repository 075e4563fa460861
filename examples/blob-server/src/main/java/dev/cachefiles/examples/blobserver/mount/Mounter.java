// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.mount;

import dev.cachefiles.examples.blobserver.control.ControlClient;
import dev.cachefiles.examples.blobserver.support.MountTable;
import dev.cachefiles.examples.blobserver.support.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Mounts images and unmounts them. */
public final class Mounter {
    private static final String LOWER = "lower";
    private static final String UPPER = "upper";
    private static final String WORK = "work";

    private final ControlClient daemon;

    /**
     * Makes a mounter.
     *
     * @param daemon is asked why a mount has failed, if it answers
     */
    public Mounter(ControlClient daemon) {
        this.daemon = daemon;
    }

    /**
     * Mounts an image, read-only as it is. Waits for the daemon to open it.
     *
     * @param image the image
     * @param point where; made if it is not there
     * @throws Refusal     if it cannot be mounted, with what the daemon says about it
     * @throws IOException if the directory cannot be made, or there is no mount(8)
     */
    public void mount(Image image, Path point) throws IOException {
        Files.createDirectories(point);
        Helper.Result result = Helper.run("mount", "-t", "erofs", "-o", image.options(), "none", point.toString());
        if (result.status() != 0) {
            throw failure(image, "not mounted at " + point, result.errors());
        }
    }

    /**
     * Explains why an image could not be mounted: with the reason as far as it is known, and the way out.
     *
     * @param image  the image
     * @param what   what has not happened
     * @param errors what mount(8) has printed
     */
    Refusal failure(Image image, String what, String errors) {
        String message = image.name() + ": " + what + ": ";
        if (errors.contains("busy") || errors.contains("already mounted")) {
            return new MountedAlready(message + errors.strip()
                    + " (an image can be mounted once; bind-mount it for more, or give each a --domain)");
        }
        return new Refusal(message + reason(image, errors));
    }

    private String reason(Image image, String errors) {
        try {
            List<String> reasons = reasons(image);
            if (!reasons.isEmpty()) {
                return String.join("; ", reasons);
            }
        } catch (IOException e) {
            return errors.strip() + " (" + e.getMessage() + ")";
        }
        return errors.strip() + " (the log of the daemon may say more)";
    }

    /** The kernel is answered before the daemon notes why: a mount that has just failed may be a little early. */
    private List<String> reasons(Image image) throws IOException {
        var words = new ArrayList<>(List.of("why", image.keyDomain()));
        words.addAll(image.blobs());
        List<String> reasons = List.of();
        for (int i = 0; i < 50 && reasons.isEmpty(); i++) {
            if (i > 0) {
                LockSupport.parkNanos(20_000_000);
            }
            reasons = daemon.lines(words.toArray(String[]::new));
        }
        return reasons;
    }

    /**
     * Mounts an image below a directory for what is written, so that it can be the root of a container.
     *
     * @param image the image
     * @param point where; made if it is not there
     * @param state a directory on a file system with room and extended attributes, such as ext4; made if it is not
     *     there. What is written is kept in {@code upper} in it; it serves one mount at a time
     * @throws Refusal     if it cannot be mounted
     * @throws IOException if a directory cannot be made, or there is no mount(8)
     */
    public void mountWritable(Image image, Path point, Path state) throws IOException {
        Path real = Files.createDirectories(state).toRealPath();
        for (String special : List.of(",", ":", "\\", "\"")) {
            if (real.toString().contains(special)) {
                throw new Refusal(real + ": holds '" + special + "', which overlayfs would take for its own");
            }
        }
        Path lower = real.resolve(LOWER);
        Files.createDirectories(real.resolve(UPPER));
        Files.createDirectories(real.resolve(WORK));
        Files.createDirectories(point);
        mount(image, lower);
        String options = "lowerdir=" + lower + ",upperdir=" + real.resolve(UPPER) + ",workdir=" + real.resolve(WORK);
        Helper.Result result = Helper.run("mount", "-t", "overlay", "-o", options, "overlay", point.toString());
        if (result.status() != 0) {
            Helper.run("umount", lower.toString());
            throw new Refusal(
                    point + ": no overlay of " + real + ": " + result.errors().strip()
                            + "; --overlay needs a directory on a file system such as ext4, and overlayfs in the kernel");
        }
    }

    /**
     * Unmounts an image, and the image below an overlay.
     *
     * @param point where it is mounted
     * @throws Refusal     if nothing that belongs here is mounted there, or it is in use
     * @throws IOException if there is no umount(8)
     */
    public void unmount(Path point) throws IOException {
        Path real = point.toRealPath();
        MountTable.Mount mount = MountTable.read(MountTable.SELF)
                .of(real)
                .filter(found -> found.point().equals(real))
                .orElseThrow(() -> new Refusal(point + ": nothing is mounted there"));
        Optional<Path> lower = lower(mount);
        if (lower.isEmpty() && !mount.isOnDemand()) {
            throw new Refusal(point + ": is a mount of " + mount.type() + ", not of an image; use umount(8)");
        }
        unmountOne(real);
        if (lower.isPresent()) {
            unmountOne(lower.get());
        }
    }

    /** Finds the image below an overlay that this class has made. */
    private static Optional<Path> lower(MountTable.Mount mount) throws IOException {
        if (!mount.type().equals("overlay")) {
            return Optional.empty();
        }
        for (String option : mount.options().split(",", -1)) {
            if (option.startsWith("lowerdir=")) {
                Path lower = Path.of(option.substring("lowerdir=".length()));
                return MountTable.read(MountTable.SELF)
                        .of(lower)
                        .filter(found -> found.point().equals(lower) && found.isOnDemand())
                        .map(MountTable.Mount::point);
            }
        }
        return Optional.empty();
    }

    private static void unmountOne(Path point) throws IOException {
        Helper.Result result = Helper.run("umount", point.toString());
        if (result.status() != 0) {
            throw new Refusal(point + ": not unmounted: " + result.errors().strip());
        }
    }
}
