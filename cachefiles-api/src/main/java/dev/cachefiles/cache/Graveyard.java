// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.spi.CacheFiles;
import dev.cachefiles.spi.FileStatus;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Deletes what the kernel has moved to the directory {@code graveyard}: volumes that were culled. Whatever lies there,
 * nothing outside of it is touched: links are deleted, not followed, and what is mounted there stays.
 */
final class Graveyard {

    /** What the kernel calls a grave: two 32-bit numbers. */
    private static final String GRAVE = "[0-9a-f]{16}";

    /** A volume has two levels; more were made by someone else, and end here so that no stack does. */
    private static final int MAX_DEPTH = 32;

    /** So many files and directories are deleted however much hurry there is, so that there is an end to it. */
    private static final int STEPS = 64;

    private final CacheTree tree;
    private final CacheFiles files;
    private final BooleanSupplier hurry;
    private int steps;
    private long bytes;
    private @Nullable CachefilesException failure;

    private Graveyard(CacheTree tree, BooleanSupplier hurry) {
        this.tree = tree;
        this.files = tree.files();
        this.hurry = hurry;
    }

    /**
     * What was deleted.
     *
     * @param graves   how many volumes as a whole
     * @param bytes    what all of it has taken on the disk
     * @param finished whether nothing is left
     */
    record Emptied(int graves, long bytes, boolean finished) {}

    /**
     * Deletes all graves, until there is something more urgent to do. Tries them all, also if one cannot be deleted.
     */
    static Emptied empty(CacheTree tree, BooleanSupplier hurry) throws CachefilesException {
        var graveyard = new Graveyard(tree, hurry);
        int emptied = 0;
        for (byte[] name : tree.names(tree.graveyardHandle())) {
            if (new String(name, StandardCharsets.ISO_8859_1).matches(GRAVE)
                    && graveyard.delete(tree.graveyardHandle(), name, 0)) {
                emptied++;
            }
        }
        if (graveyard.failure != null) {
            throw graveyard.failure;
        }
        return new Emptied(emptied, graveyard.bytes, !graveyard.isToStop());
    }

    private boolean isToStop() {
        return steps >= STEPS && hurry.getAsBoolean();
    }

    /** Deletes a file, or a directory with all that is in it; false if that is gone or cannot be. */
    private boolean delete(int directory, byte[] name, int depth) throws CachefilesException {
        if (isToStop()) {
            return false;
        }
        steps++;
        FileStatus status = files.status(directory, name);
        if (status.result() < 0) {
            return failed(status.result());
        }
        if (status.type() != FileStatus.Type.DIRECTORY) {
            return deleted(files.removeFile(directory, name), status);
        }
        if (depth == MAX_DEPTH) {
            return failed(-Errno.ELOOP.number());
        }
        int inner = tree.inside(directory, name);
        if (inner < 0) {
            return failed(inner);
        }
        try {
            for (byte[] each : tree.names(inner)) {
                delete(inner, each, depth + 1);
            }
        } finally {
            files.close(inner);
        }
        return !isToStop() && deleted(files.removeDirectory(directory, name), status);
    }

    private boolean deleted(int result, FileStatus status) {
        if (result < 0) {
            return failed(result);
        }
        bytes += status.allocatedBytes();
        return true;
    }

    /** Remembers the first; what is gone by itself is none. */
    private boolean failed(int result) {
        Errno errno = Errno.ofResult(result);
        if (failure == null && !errno.equals(Errno.ENOENT)) {
            failure = new CachefilesException(
                    "delete in " + tree.path().resolve("graveyard"),
                    errno,
                    errno.equals(Errno.EXDEV) ? "something is mounted there" : "");
        }
        return false;
    }
}
