// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.settings;

import java.nio.file.Path;

/**
 * Where a setting was written, for messages and for paths that are relative.
 *
 * @param text such as {@code blob-server.yaml:12} or {@code --tag}
 * @param base the directory that relative paths start from; empty for the working directory
 */
public record Origin(String text, Path base) {

    /**
     * Names an option of the command line.
     *
     * @param option the option, such as {@code --tag}
     * @return where it was written
     */
    public static Origin option(String option) {
        return new Origin(option, Path.of(""));
    }

    /**
     * Names a line of a file.
     *
     * @param file the file
     * @param line the line, counted from 1
     * @return where it was written
     */
    public static Origin line(Path file, int line) {
        Path parent = file.toAbsolutePath().getParent();
        return new Origin(file + ":" + line, parent == null ? Path.of("") : parent);
    }

    @Override
    public String toString() {
        return text;
    }
}
