// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.sources;

import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The files in a directory. */
public final class DirectoryType implements SourceType {

    /** The directory. */
    public static final Setting<Path> PATH =
            Setting.path("path", "DIR", "the directory with the blobs").required();

    /** Makes the kind. */
    public DirectoryType() {}

    @Override
    public String name() {
        return "directory";
    }

    @Override
    public String description() {
        return "the regular files in a directory, by their names";
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(PATH);
    }

    @Override
    public boolean isLocal() {
        return true;
    }

    @Override
    public BlobResolver create(Settings settings, SourceContext context) throws IOException {
        return new DirectoryResolver(context.preflight().blobs(settings.label(PATH), settings.get(PATH)));
    }
}
