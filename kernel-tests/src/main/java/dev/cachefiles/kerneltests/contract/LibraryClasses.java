// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.ffm.LinuxCachefilesProvider;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Loads all classes of the library and of the contract. When the process is short of fds, one that lies in a directory and
 * is needed for the first time could not be loaded; from a jar, which is open already, it could.
 */
final class LibraryClasses {
    private static final String SUFFIX = ".class";

    private LibraryClasses() {}

    static void load() {
        Done.nothing();
    }

    /** Its initialization does the work, once. */
    private static final class Done {
        static {
            List.of(CachefilesChannel.class, LinuxCachefilesProvider.class, LibraryClasses.class)
                    .forEach(Done::loadBeside);
        }

        static void nothing() {}

        private static void loadBeside(Class<?> type) {
            try {
                Path root = Path.of(
                        type.getProtectionDomain().getCodeSource().getLocation().toURI());
                if (!Files.isDirectory(root)) {
                    return;
                }
                try (Stream<Path> files = Files.walk(root)) {
                    for (Path file : files.toList()) {
                        String name = root.relativize(file).toString();
                        if (name.endsWith(SUFFIX) && !name.endsWith("-info" + SUFFIX)) {
                            String binary = name.substring(0, name.length() - SUFFIX.length());
                            Class.forName(binary.replace('/', '.'), true, type.getClassLoader());
                        }
                    }
                }
            } catch (IOException | URISyntaxException | ClassNotFoundException e) {
                throw new AssertionError(e);
            }
        }
    }
}
