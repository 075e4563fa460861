// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What must be right about the directories before the kernel hears of them. */
final class Preflight {
    private final MountTable mounts;

    Preflight(MountTable mounts) {
        this.mounts = mounts;
    }

    /** A reason not to serve, to be shown as it is. */
    static final class Refusal extends IOException {
        private static final long serialVersionUID = 1;

        Refusal(String message) {
            super(message);
        }
    }

    /** Checks the directory with the blobs; returns where it really is. */
    Path blobs(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            throw new Refusal("--blobs " + directory + ": does not exist");
        }
        if (!Files.isDirectory(directory)) {
            throw new Refusal("--blobs " + directory + ": is not a directory");
        }
        if (!Files.isReadable(directory) || !Files.isExecutable(directory)) {
            throw new Refusal("--blobs " + directory + ": cannot be read by this user");
        }
        Path real = directory.toRealPath();
        notOnDemand("--blobs", real);
        return real;
    }

    /** Checks the cache's directory; makes it if there is none. Returns where it really is. */
    Path cache(Path directory, Path blobs) throws IOException {
        // Before it is made: a directory in the wrong place is not even begun.
        refuseInside(existing(directory), directory, blobs);
        if (Files.exists(directory) && !Files.isDirectory(directory)) {
            throw new Refusal("--cache-dir " + directory + ": is not a directory");
        }
        if (!Files.exists(directory)) {
            try {
                Files.createDirectories(directory);
            } catch (IOException e) {
                throw new Refusal("--cache-dir " + directory + ": cannot be created: " + Failures.describe(e));
            }
        }
        Path real = directory.toRealPath();
        Optional<MountTable.Mount> mount = mounts.of(real);
        if (mount.isPresent() && mount.get().type().equals("erofs")) {
            throw new Refusal("--cache-dir " + directory + ": is on an erofs mount ("
                    + mount.get().point() + "), where nothing can be written; use a directory on ext4 or xfs");
        }
        return real;
    }

    /** A daemon that needs a page of what it serves itself waits for itself: also when the page is of its own code. */
    void ownCode() throws IOException {
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

    private static void refuseInside(Path real, Path directory, Path blobs) throws Refusal {
        if (real.startsWith(blobs)) {
            throw new Refusal("--cache-dir " + directory + ": is inside --blobs " + blobs
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
