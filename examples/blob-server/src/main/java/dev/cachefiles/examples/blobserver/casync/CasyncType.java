// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.casync;

import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.examples.blobserver.chunk.Location;
import dev.cachefiles.examples.blobserver.http.Authorization;
import dev.cachefiles.examples.blobserver.http.HttpSettings;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.sources.SourceContext;
import dev.cachefiles.examples.blobserver.sources.SourceType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Blobs of a chunk store of casync. */
public final class CasyncType implements SourceType {
    private static final Setting<Location> URL = Location.setting(
                    "url", "casync", "where the indexes are; blob NAME is NAME.caibx there")
            .required();
    private static final Setting<Location> STORE =
            Location.setting("store", "casync", "where the chunks are (default: default.castr beside the indexes)");
    private static final Setting<Long> MEMORY = Setting.size(
                    "memory", "how many bytes of unpacked chunks to keep, of all blobs together", 0)
            .defaultsTo("32MiB");

    /** Makes the kind. */
    public CasyncType() {}

    @Override
    public String name() {
        return "casync";
    }

    @Override
    public String description() {
        return "blobs cut into chunks by 'casync make': an index for each, one chunk store for all";
    }

    @Override
    public List<Setting<?>> settings() {
        var all = new ArrayList<Setting<?>>(List.of(URL, STORE, MEMORY));
        all.addAll(Location.HTTP);
        return List.copyOf(all);
    }

    @Override
    public Set<String> schemes() {
        return Set.of("casync");
    }

    @Override
    public BlobResolver create(Settings settings, SourceContext context) throws IOException {
        Location indexes = settings.get(URL);
        Location store = settings.find(STORE).orElse(indexes.child("default.castr"));
        ChunkFiles chunks = switch (store) {
            case Location.Directory directory ->
                new DirectoryChunkFiles(context.preflight().blobs(settings.label(STORE), directory.path()));
            case Location.Web web -> {
                Authorization authorization = Location.authorization(web, settings);
                yield new HttpChunkFiles(web.url(), HttpSettings.transport(settings), authorization);
            }
        };
        BlobResolver files = indexes.files(URL, settings, context);
        return new CasyncResolver(files, new ChunkStore(chunks, settings.get(MEMORY)));
    }
}
