// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import dev.cachefiles.Errno;
import dev.cachefiles.probe.Finding.Topic;
import dev.cachefiles.spi.CachefilesProvider;
import dev.cachefiles.spi.FileTrial;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Whether a directory will do, which is tried: an extended attribute is set on it and removed, and an unnamed file is
 * made in it, written with direct I/O and dropped.
 */
final class DirectoryCheck {
    private static final String GOOD = "use a directory on ext4 or xfs";
    private static final String ATTRIBUTE = "CacheFiles.probe";
    private static final String VOLUME_OF_EROFS = "Ierofs,";

    /** Kinds that the kernel refuses although a file can be written, since they have nothing to sync. */
    private static final Set<String> REFUSED =
            Set.of("tmpfs", "ramfs", "devtmpfs", "proc", "sysfs", "9p", "nfs", "nfs4", "cifs", "fuse", "hugetlbfs");

    private final Path directory;
    private final Mounts mounts;
    private final CachefilesProvider provider;

    DirectoryCheck(Path directory, Mounts mounts, CachefilesProvider provider) {
        this.directory = directory;
        this.mounts = mounts;
        this.provider = provider;
    }

    List<Finding> run() {
        if (Files.isSymbolicLink(directory)) {
            return List.of(Finding.error(
                    Topic.DIRECTORY,
                    directory + " is a symbolic link, which the kernel does not follow",
                    "name the directory itself (readlink -f " + directory + ")"));
        }
        if (!Files.exists(directory)) {
            return List.of(Finding.error(
                    Topic.DIRECTORY, directory + " does not exist", "create it (mkdir -p " + directory + ")"));
        }
        if (!Files.isDirectory(directory)) {
            return List.of(Finding.error(
                    Topic.DIRECTORY, directory + " is not a directory", "name a directory that is kept for the cache"));
        }
        List<Finding> findings = new ArrayList<>(contents());
        String type = type();
        List<Finding> refusals = fileSystem(type);
        findings.addAll(refusals);
        if (refusals.isEmpty()) {
            findings.add(
                    Finding.ok(Topic.FILE_SYSTEM, type + " takes extended attributes, unnamed files and direct I/O"));
        }
        return findings;
    }

    private String type() {
        try {
            return mounts.of(directory.toRealPath()).map(Mounts.Mount::type).orElse("its file system");
        } catch (IOException e) {
            return "its file system";
        }
    }

    private List<Finding> contents() {
        List<Finding> findings = new ArrayList<>();
        for (String name : List.of("cache", "graveyard")) {
            Path inside = directory.resolve(name);
            if (Files.exists(inside, LinkOption.NOFOLLOW_LINKS)
                    && !Files.isDirectory(inside, LinkOption.NOFOLLOW_LINKS)) {
                findings.add(Finding.error(
                        Topic.DIRECTORY,
                        inside + " is not a directory, as the kernel wants it",
                        "move it away, or use another directory"));
            }
        }
        foreignVolume()
                .ifPresent(volume -> findings.add(Finding.warning(
                        Topic.DIRECTORY,
                        directory + " holds the cache of another file system too (" + volume + ")",
                        "use a directory of its own, or delete what is in it while no daemon runs")));
        if (findings.isEmpty()) {
            findings.add(Finding.ok(Topic.DIRECTORY, directory + " is a directory"));
        }
        return findings;
    }

    private Optional<String> foreignVolume() {
        try (Stream<Path> volumes = Files.list(directory.resolve("cache"))) {
            return volumes.map(volume -> volume.getFileName().toString())
                    .filter(name -> name.startsWith("I") && !name.startsWith(VOLUME_OF_EROFS))
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty(); // there is none yet, or it is not to be seen
        }
    }

    private List<Finding> fileSystem(String type) {
        FileTrial trial = provider.tryFiles(directory);
        Errno noFile = trial.unnamedFile() < 0 ? Errno.ofResult(trial.unnamedFile()) : null;
        if (Errno.EROFS.equals(noFile)) {
            return List.of(Finding.error(
                    Topic.FILE_SYSTEM,
                    directory + " is on a read-only file system",
                    "mount it for writing (mount -o remount,rw), or " + GOOD));
        }
        if (Errno.EACCES.equals(noFile) || Errno.EPERM.equals(noFile)) {
            return List.of(Finding.error(
                    Topic.FILE_SYSTEM,
                    "this process may not write in " + directory + ", and the kernel works there with its rights",
                    "give it the directory (chown), or run as root"));
        }
        if (Errno.ENOSPC.equals(noFile)) {
            return List.of(Finding.error(
                    Topic.SPACE, "the file system of " + directory + " is full", "free some space or inodes"));
        }
        List<String> lacking = new ArrayList<>();
        if (noFile != null && !noFile.equals(Errno.ENOSYS)) {
            lacking.add("unnamed files (O_TMPFILE: " + noFile + ")");
        }
        if (noFile == null && trial.directWrite() < 0) {
            lacking.add("direct I/O (O_DIRECT: " + Errno.ofResult(trial.directWrite()) + ")");
        }
        attributeError().ifPresent(error -> lacking.add("extended attributes (" + error + ")"));
        if (lacking.isEmpty() && REFUSED.contains(type)) {
            lacking.add("what the kernel wants of a cache");
        }
        return lacking.isEmpty()
                ? List.of()
                : List.of(Finding.error(
                        Topic.FILE_SYSTEM,
                        directory + " is on " + type + ", which lacks " + String.join(", ", lacking),
                        GOOD));
    }

    private Optional<String> attributeError() {
        var view = Files.getFileAttributeView(directory, UserDefinedFileAttributeView.class);
        if (view == null) {
            return Optional.of("there are none");
        }
        try {
            view.write(ATTRIBUTE, ByteBuffer.wrap(new byte[] {1}));
            view.delete(ATTRIBUTE);
            return Optional.empty();
        } catch (FileSystemException e) {
            return Optional.of(String.valueOf(e.getReason()));
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
