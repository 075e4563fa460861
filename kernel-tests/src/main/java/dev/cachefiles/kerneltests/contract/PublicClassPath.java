// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.ffm.LinuxCachefilesProvider;
import dev.cachefiles.kerneltests.support.Shell;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The classes of the library and of the contract where every user can read them. */
final class PublicClassPath {
    private PublicClassPath() {}

    /** Copies them; gives the class path. */
    static String create() throws IOException {
        Path directory = Files.createTempDirectory("classes");
        List<String> entries = new ArrayList<>();
        for (Class<?> type : List.of(CachefilesChannel.class, LinuxCachefilesProvider.class, PublicClassPath.class)) {
            Path entry = directory.resolve(Integer.toString(entries.size()));
            Path source = Path.of(location(type));
            Path target = Files.isDirectory(source) ? entry : Path.of(entry + ".jar");
            Shell.run("cp", "-R", source.toString(), target.toString()).orThrow();
            entries.add(target.toString());
        }
        Shell.run("chmod", "-R", "a+rX", directory.toString()).orThrow();
        return String.join(":", entries);
    }

    private static String location(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
