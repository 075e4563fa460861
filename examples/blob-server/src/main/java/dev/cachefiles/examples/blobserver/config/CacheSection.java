// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.config;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.cache.CullingPolicy;
import dev.cachefiles.examples.blobserver.settings.ConfigException;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The section {@code cache}: what the cache is bound with. A change needs a restart. */
public final class CacheSection {

    /** The cache's directory. */
    public static final Setting<Path> DIRECTORY = Setting.path(
                    "directory", "DIR", "where the kernel keeps the cache, on ext4 or xfs; made if missing")
            .required();

    private static final Setting<String> TAG = Setting.text("tag", "TAG", "the cache's tag, the same at each start")
            .defaultsTo(CacheOptions.DEFAULT_TAG);
    private static final Setting<Path> DEVICE =
            Setting.path("device", "PATH", "the kernel's device").defaultsTo(CacheOptions.DEFAULT_DEVICE.toString());

    private static final Setting<Long> BUDGET = Setting.size(
            "budget",
            "how much the cache may take on the disk; what was used least recently is culled when it takes more, but never"
                    + " what is mounted",
            1);
    private static final Setting<List<String>> PIN = Setting.texts(
            "pin",
            "[DOMAIN/]NAME",
            "blobs that are never culled; * stands for any text, an image mounted without a domain is its own domain");
    private static final Setting<String> CULL = Setting.choice(
                    "cull",
                    "whether blobs are culled: for the budget, and when the kernel asks for it because the disk is nearly"
                            + " full; dry-run only logs what would be",
                    "on",
                    "dry-run",
                    "off")
            .defaultsTo("on");

    /** All settings of the section. */
    public static final List<Setting<?>> SETTINGS = List.of(DIRECTORY, TAG, DEVICE, BUDGET, PIN, CULL);

    private final Settings settings;
    private final CacheOptions options;

    CacheSection(Settings settings) throws ConfigException {
        this.settings = settings;
        this.options = options(settings);
    }

    private static CacheOptions options(Settings settings) throws ConfigException {
        CacheOptions.Builder builder;
        try {
            builder = CacheOptions.builder(settings.get(DIRECTORY)).device(settings.get(DEVICE));
        } catch (IllegalArgumentException e) {
            throw settings.refuse(DIRECTORY, String.valueOf(e.getMessage()));
        }
        try {
            return builder.tag(settings.get(TAG)).build();
        } catch (IllegalArgumentException e) {
            throw settings.refuse(TAG, String.valueOf(e.getMessage()));
        }
    }

    /**
     * Gives what the cache is bound with.
     *
     * @return the options
     */
    public CacheOptions options() {
        return options;
    }

    /**
     * Gives the rules by which blobs are culled.
     *
     * @return the rules, or empty if none are
     */
    public Optional<CullingPolicy> culling() {
        String cull = settings.get(CULL);
        if (cull.equals("off")) {
            return Optional.empty();
        }
        CullingPolicy.Builder policy = CullingPolicy.builder();
        settings.find(BUDGET).ifPresent(policy::budget);
        settings.find(PIN).ifPresent(patterns -> policy.pin(new Pins(patterns)));
        if (cull.equals("dry-run")) {
            policy.dryRun();
        }
        return Optional.of(policy.build());
    }

    /**
     * Gives the settings as they were written.
     *
     * @return the settings
     */
    public Settings settings() {
        return settings;
    }
}
