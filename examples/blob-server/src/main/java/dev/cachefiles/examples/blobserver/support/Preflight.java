// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What must be right about the directories before the kernel hears of them. */
public final class Preflight {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");

    private final MountTable mounts;
    private final String cacheLabel;
    private final Path cacheDirectory;

    /**
     * Prepares the checks.
     *
     * @param mounts         what is mounted where
     * @param cacheLabel     how to call the cache's directory in messages, such as {@code --cache-dir}
     * @param cacheDirectory the cache's directory, which need not exist
     */
    public Preflight(MountTable mounts, String cacheLabel, Path cacheDirectory) {
        this.mounts = mounts;
        this.cacheLabel = cacheLabel;
        this.cacheDirectory = cacheDirectory;
    }

    /**
     * Checks a directory or file that bytes are served from.
     *
     * @param label     how to call it in messages, such as {@code --blobs}
     * @param directory the directory
     * @return where it really is
     * @throws Refusal     if it is not there, cannot be read, is on a mount that this daemon would serve, or holds the
     *     cache's directory
     * @throws IOException if it cannot be looked at
     */
    public Path blobs(String label, Path directory) throws IOException {
        if (!Files.exists(directory)) {
            throw new Refusal(label + " " + directory + ": does not exist");
        }
        if (!Files.isDirectory(directory)) {
            throw new Refusal(label + " " + directory + ": is not a directory");
        }
        if (!Files.isReadable(directory) || !Files.isExecutable(directory)) {
            throw new Refusal(label + " " + directory + ": cannot be read by this user");
        }
        Path real = directory.toRealPath();
        notOnDemand(label, real);
        refuseInside(label, real);
        return real;
    }

    /**
     * Checks the cache's directory, and makes it if there is none. To be called after {@link #blobs}: a directory in the
     * wrong place is not even begun.
     *
     * @return where it really is
     * @throws Refusal     if it is no directory, cannot be made, or is where nothing can be written
     * @throws IOException if it cannot be looked at
     */
    public Path cache() throws IOException {
        String named = cacheLabel + " " + cacheDirectory;
        if (Files.exists(cacheDirectory) && !Files.isDirectory(cacheDirectory)) {
            throw new Refusal(named + ": is not a directory");
        }
        if (!Files.exists(cacheDirectory)) {
            try {
                Files.createDirectories(cacheDirectory);
            } catch (IOException e) {
                throw new Refusal(named + ": cannot be created: " + Failures.describe(e));
            }
            LOG.log(System.Logger.Level.INFO, "created {0}", cacheDirectory);
        }
        Path real = cacheDirectory.toRealPath();
        Optional<MountTable.Mount> mount = mounts.of(real);
        if (mount.isPresent() && mount.get().type().equals("erofs")) {
            throw new Refusal(named + ": is on an erofs mount (" + mount.get().point()
                    + "), where nothing can be written; use a directory on ext4 or xfs");
        }
        return real;
    }

    /**
     * Checks where the program lies: a daemon that needs a page of what it serves waits for itself, also when the page is
     * of its own code.
     *
     * @throws Refusal     if it lies on a mount that this daemon would serve
     * @throws IOException if it cannot be looked at
     */
    public void ownCode() throws IOException {
        notOnDemand("the Java runtime", Path.of(System.getProperty("java.home")).toRealPath());
        for (String entry : System.getProperty("java.class.path").split(java.io.File.pathSeparator, -1)) {
            Path path = Path.of(entry);
            if (!entry.isEmpty() && Files.exists(path)) {
                notOnDemand("the program", path.toRealPath());
            }
        }
    }

    private void notOnDemand(String what, Path real) throws Refusal {
        Optional<MountTable.Mount> mount = mounts.of(real);
        if (mount.isPresent() && mount.get().isOnDemand()) {
            throw new Refusal(what + " " + real + ": is on an on-demand erofs mount ("
                    + mount.get().point() + "), whose pages this daemon would have to supply to itself");
        }
    }

    private void refuseInside(String label, Path blobs) throws IOException {
        if (existing(cacheDirectory).startsWith(blobs)) {
            throw new Refusal(cacheLabel + " " + cacheDirectory + ": is inside " + label + " " + blobs
                    + ", so that cache files would be served as blobs; keep the two apart");
        }
    }

    /** The real path of a directory that need not exist, with the part that does not appended as it is. */
    private static Path existing(Path directory) throws IOException {
        Path absolute = directory.toAbsolutePath().normalize();
        Path ancestor = absolute;
        while (ancestor.getParent() != null && !Files.exists(ancestor)) {
            ancestor = ancestor.getParent();
        }
        return ancestor.toRealPath().resolve(ancestor.relativize(absolute));
    }
}
