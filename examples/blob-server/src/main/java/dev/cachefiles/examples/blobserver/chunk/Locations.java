// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.chunk;

import dev.cachefiles.examples.blobserver.settings.Setting;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Settings that name a place in the file system, which may also be written as a URL of a scheme of its own. */
public final class Locations {
    private Locations() {}

    /**
     * A path, or a URL such as {@code nydus:/srv/images}; {@code nydus:///srv/images} means the same.
     *
     * @param name        the name of the setting
     * @param scheme      the scheme of the URL
     * @param description one line for the help
     * @return the setting
     */
    public static Setting<Path> path(String name, String scheme, String description) {
        return Setting.of(name, "DIR|" + scheme + ":DIR", description, value -> {
            if (!(value instanceof dev.cachefiles.examples.blobserver.settings.Value.Text written)) {
                throw new IllegalArgumentException("must be one value");
            }
            String text = written.text();
            if (text.regionMatches(true, 0, scheme + ":", 0, scheme.length() + 1)) {
                text = text.substring(scheme.length() + 1);
                text = text.startsWith("///") ? text.substring(2) : text;
            }
            if (text.isEmpty()) {
                throw new IllegalArgumentException("is empty");
            }
            if (text.startsWith("//")) {
                throw new IllegalArgumentException(
                        "'" + written.text() + "' names another machine; a directory is " + scheme + ":/...");
            }
            try {
                return written.origin().base().resolve(text);
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("is not a path: " + e.getMessage(), e);
            }
        });
    }
}
