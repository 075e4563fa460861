// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.examples.blobserver.chunk.Location;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.sources.SourceContext;
import dev.cachefiles.examples.blobserver.sources.SourceType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Images of Nydus. */
public final class NydusType implements SourceType {
    private static final Setting<Location> URL = Location.setting(
                    "url", "nydus", "where the bootstraps are, and the blobs too if nothing else is said")
            .required();
    private static final Setting<Location> BLOBS =
            Location.setting("blobs", "nydus", "where the blobs are, by their ids (default: with the bootstraps)");
    private static final Setting<List<String>> BOOTSTRAPS =
            Setting.texts("bootstraps", "NAME", "the names of the bootstraps; needed when they are on a web server");
    private static final Setting<Long> MEMORY = Setting.size(
                    "memory", "how many bytes of unpacked chunks to keep, of all blobs together", 0)
            .defaultsTo("32MiB");

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
        var all = new ArrayList<Setting<?>>(List.of(URL, BLOBS, BOOTSTRAPS, MEMORY));
        all.addAll(Location.HTTP);
        return List.copyOf(all);
    }

    @Override
    public Set<String> schemes() {
        return Set.of("nydus");
    }

    @Override
    public BlobResolver create(Settings settings, SourceContext context) throws IOException {
        Location location = settings.get(URL);
        BootstrapFiles names = names(settings, location);
        BlobResolver images = location.files(URL, settings, context);
        Optional<Location> elsewhere = settings.find(BLOBS);
        BlobResolver blobs = elsewhere.isPresent() ? elsewhere.get().files(BLOBS, settings, context) : images;
        return new NydusResolver(images, blobs, new Bootstraps(images, names), settings.get(MEMORY));
    }

    private static BootstrapFiles names(Settings settings, Location location) throws IOException {
        Optional<List<String>> given = settings.find(BOOTSTRAPS);
        if (given.isPresent()) {
            Map<String, String> versions = new LinkedHashMap<>();
            given.get().forEach(name -> versions.put(name, ""));
            return () -> versions;
        }
        return switch (location) {
            case Location.Directory directory -> new DirectoryBootstraps(directory.path());
            case Location.Web web ->
                throw settings.refuse(
                        URL, "the files of " + web.url() + " cannot be listed; name the images with 'bootstraps'");
        };
    }
}
