// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.mount.Image;
import dev.cachefiles.examples.blobserver.support.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say which image is meant. */
final class ImageOptions {

    @Option(
            names = "--device",
            paramLabel = "BLOB",
            description = "a further blob of the image; may be repeated, in their order. Not needed if the image names"
                    + " its blobs itself")
    private List<String> devices = new ArrayList<>();

    @Option(
            names = "--domain",
            paramLabel = "DOMAIN",
            description = "the domain in which the image shares blobs with others (domain_id)")
    private @Nullable String domain;

    ImageOptions() {}

    Image named(String name) throws Refusal {
        return Image.of(name, Optional.ofNullable(domain), devices);
    }
}
