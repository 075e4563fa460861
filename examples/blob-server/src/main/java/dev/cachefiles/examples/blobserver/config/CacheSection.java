// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.config;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.examples.blobserver.settings.ConfigException;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import java.nio.file.Path;
import java.util.List;

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

    /** All settings of the section. */
    public static final List<Setting<?>> SETTINGS = List.of(DIRECTORY, TAG, DEVICE);

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
     * Gives the settings as they were written.
     *
     * @return the settings
     */
    public Settings settings() {
        return settings;
    }
}
