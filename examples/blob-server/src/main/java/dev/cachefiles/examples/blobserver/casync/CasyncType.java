// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.casync;

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

/** Blobs of a chunk store of casync. */
public final class CasyncType implements SourceType {
    private static final Setting<Path> URL = Locations.path(
                    "url", "casync", "the directory with the indexes; blob NAME is NAME.caibx there")
            .required();
    private static final Setting<Path> STORE =
            Setting.path("store", "DIR", "the chunk store (default: default.castr beside the indexes)");
    private static final Setting<Long> MEMORY = Setting.size(
                    "memory", "how many bytes of unpacked chunks to keep, of all blobs together", 0)
            .defaultsTo("64MiB");

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
        return List.of(URL, STORE, MEMORY);
    }

    @Override
    public Set<String> schemes() {
        return Set.of("casync");
    }

    @Override
    public boolean isLocal() {
        return true;
    }

    @Override
    public BlobResolver create(Settings settings, SourceContext context) throws IOException {
        Path indexes = context.preflight().blobs(settings.label(URL), settings.get(URL));
        Path store = settings.find(STORE).orElse(indexes.resolve("default.castr"));
        Path realStore = context.preflight().blobs(settings.label(STORE), store);
        return new CasyncResolver(
                new DirectoryResolver(indexes),
                new ChunkStore(new DirectoryChunkFiles(realStore), settings.get(MEMORY)));
    }
}
