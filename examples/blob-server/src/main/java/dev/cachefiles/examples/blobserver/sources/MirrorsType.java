// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.sources;

import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.layer.Failover;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.io.IOException;
import java.util.List;

/** Other sources of the configuration that have the same blobs. */
public final class MirrorsType implements SourceType {
    private static final System.Logger LOG = System.getLogger("dev.cachefiles.examples.blobserver");

    private static final Setting<List<String>> OF = Setting.texts(
                    "of", "SOURCE", "names of sources above this one, in the order in which they are asked")
            .required();
    private static final Setting<Boolean> MISSING_HERE = Setting.flag(
                    "missing-here", "ask the next also for a blob that one says it does not have")
            .defaultsTo("false");

    /** Makes the kind. */
    public MirrorsType() {}

    @Override
    public String name() {
        return "mirrors";
    }

    @Override
    public String description() {
        return "other sources with the same blobs: one that fails is left alone for a while, and the next is asked";
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(OF, MISSING_HERE);
    }

    @Override
    public boolean isMadeOfOthers() {
        return true;
    }

    @Override
    public BlobResolver create(Settings settings, SourceContext context) throws IOException {
        Failover.Builder mirrors = Failover.builder()
                .missingHere(settings.get(MISSING_HERE))
                .listener((mirror, key, cause) -> LOG.log(
                        System.Logger.Level.WARNING,
                        "source {0}: {1}: mirror {2} is passed over: {3}",
                        context.name(),
                        key.printableName(),
                        mirror,
                        Failures.describe(cause)));
        for (String name : settings.get(OF)) {
            BlobResolver other = context.others().get(name);
            if (other == null) {
                throw settings.refuse(OF, "there is no source '" + name + "' above this one");
            }
            mirrors.mirror(name, other);
        }
        return mirrors.build();
    }
}
