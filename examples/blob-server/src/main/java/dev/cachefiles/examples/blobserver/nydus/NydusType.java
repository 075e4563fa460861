// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.examples.blobserver.chunk.Locations;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.sources.DirectoryResolver;
import dev.cachefiles.examples.blobserver.sources.SourceContext;
import dev.cachefiles.examples.blobserver.sources.SourceType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Images of Nydus in a directory. */
public final class NydusType implements SourceType {
    private static final Setting<Path> URL = Locations.path("url", "nydus", "the directory with bootstraps and blobs")
            .required();
    private static final Setting<Long> MEMORY = Setting.size(
                    "memory", "how many bytes of unpacked chunks to keep, of all blobs together", 0)
            .defaultsTo("64MiB");

    /** Makes the kind. */
    public NydusType() {}

    @Override
    public String name() {
        return "nydus";
    }

    @Override
    public String description() {
        return "images of Nydus (RAFS v6): bootstraps by their file names, blobs unpacked and checked";
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(URL, MEMORY);
    }

    @Override
    public Set<String> schemes() {
        return Set.of("nydus");
    }

    @Override
    public boolean isLocal() {
        return true;
    }

    @Override
    public BlobResolver create(Settings settings, SourceContext context) throws IOException {
        Path directory = context.preflight().blobs(settings.label(URL), settings.get(URL));
        var files = new DirectoryResolver(directory);
        var bootstraps = new Bootstraps(files, new DirectoryBootstraps(directory));
        return new NydusResolver(files, files, bootstraps, settings.get(MEMORY));
    }
}
