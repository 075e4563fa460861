// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Directories full of files to make images of: sizes around the edges of blocks, deep paths, odd names. */
public final class SourceTree {

    private static final int[] SIZES = {0, 1, 100, 4095, 4096, 4097, 8192, 12_345, 65_536, 131_072, 131_073, 1_000_003};

    private SourceTree() {}

    /** Makes a tree; the same seed gives the same bytes. */
    public static Path create(Path root, long seed) throws IOException {
        var random = new Random(seed);
        Files.createDirectories(root.resolve("deep/er/still"));
        for (int size : SIZES) {
            write(root.resolve("file-" + size), random, size);
        }
        write(root.resolve("deep/er/still/\u00fcber long name with blanks"), random, 5000);
        for (int i = 0; i < 40; i++) {
            write(root.resolve("deep/small-" + i), random, random.nextInt(3000));
        }
        Files.createSymbolicLink(root.resolve("link"), Path.of("deep/small-1"));
        Files.write(root.resolve("zeros"), new byte[300_000]);
        return root;
    }

    /** Makes one file of random bytes. */
    public static Path write(Path file, Random random, int size) throws IOException {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return Files.write(file, bytes);
    }

    /** Gives a line per file with its SHA-256, in the order of their names; reads in a process of its own. */
    public static String digests(Path root) {
        return Shell.sh("cd \"$1\" && find . -type f -print0 | sort -z | xargs -0 sha256sum", root.toString())
                .orThrow();
    }

    /** The same, but by four processes at a time. */
    public static String digestsInParallel(Path root) {
        return Shell.sh(
                        "cd \"$1\" && find . -type f -print0 | xargs -0 -n 4 -P 4 sha256sum | sort -k 2",
                        root.toString())
                .orThrow();
    }

    /** The digests of {@link #digestsInParallel}, of a tree that is read as it is. */
    public static String sortedDigests(Path root) {
        return Shell.sh("cd \"$1\" && find . -type f -print0 | xargs -0 sha256sum | sort -k 2", root.toString())
                .orThrow();
    }
}
