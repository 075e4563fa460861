// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The regular files of a directory: a look at its first bytes tells which of them is a bootstrap. */
record DirectoryBootstraps(Path directory) implements BootstrapFiles {

    @Override
    public Map<String, String> list() throws IOException {
        var versions = new TreeMap<String, String>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                version(file).ifPresent(version -> versions.put(String.valueOf(file.getFileName()), version));
            }
        } catch (java.nio.file.DirectoryIteratorException e) {
            throw e.getCause();
        }
        return new LinkedHashMap<>(versions);
    }

    /** Empty if it is no regular file, or has just been removed. */
    private static Optional<String> version(Path file) throws IOException {
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return attributes.isRegularFile()
                    ? Optional.of(attributes.size() + " " + attributes.lastModifiedTime() + " " + attributes.fileKey())
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }
}
