// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Makes images with mkfs.erofs. */
public final class ErofsImage {

    private ErofsImage() {}

    /** Makes an image of a tree, with options of mkfs.erofs. */
    public static Path make(Path image, Path tree, String... options) {
        List<String> command = new ArrayList<>(List.of("mkfs.erofs", "--quiet"));
        command.addAll(List.of(options));
        command.add(image.toString());
        command.add(tree.toString());
        Shell.run(command.toArray(String[]::new)).orThrow();
        return image;
    }
}
