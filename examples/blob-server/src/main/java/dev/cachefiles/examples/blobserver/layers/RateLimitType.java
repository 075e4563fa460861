// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.layers;

import dev.cachefiles.blob.layer.BlobLayer;
import dev.cachefiles.blob.layer.RateLimitedSource;
import dev.cachefiles.blob.layer.TokenBucket;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import java.util.List;

/** Fetches no faster than so many bytes a second. */
public final class RateLimitType implements LayerType {
    private static final Setting<Long> RATE = Setting.size(
                    "rate", "bytes in each second, for all blobs of the source together", 4096)
            .required();
    private static final Setting<Long> BURST = Setting.size("burst", "bytes that may come at once after a pause", 4096)
            .defaultsTo("1MiB");

    /** Makes the kind. */
    public RateLimitType() {}

    @Override
    public String name() {
        return "rate-limit";
    }

    @Override
    public String description() {
        return "fetches no faster than so many bytes a second";
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(RATE, BURST);
    }

    @Override
    public BlobLayer create(String source, Settings settings) {
        var bucket = new TokenBucket(settings.get(RATE), settings.get(BURST));
        return (inner, key) -> new RateLimitedSource(inner, bucket);
    }
}
