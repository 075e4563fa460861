// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.config;

import dev.cachefiles.examples.blobserver.settings.Problems;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.settings.Value;
import dev.cachefiles.examples.blobserver.sources.SourceType;
import dev.cachefiles.examples.blobserver.sources.SourceTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An entry of the section {@code sources}.
 *
 * @param name     the name that the configuration gives it
 * @param type     its kind
 * @param settings the settings: those of all kinds and those of its own
 * @param layers   what is put around it, the innermost first
 */
public record SourceConfig(String name, SourceType type, Settings settings, List<LayerConfig> layers) {

    /** Copies the list. */
    public SourceConfig {
        layers = List.copyOf(layers);
    }

    private static final Setting<String> TYPE = Setting.choice(
                    "type",
                    "the kind of source, see below",
                    SourceTypes.ALL.stream().map(SourceType::name).toArray(String[]::new))
            .required();
    private static final Setting<List<String>> DOMAINS =
            Setting.texts("domains", "DOMAIN", "serve only mounts with these domain_id; without one: that fsid");
    private static final Setting<List<String>> NAMES = Setting.texts("names", "NAME", "serve only the blobs so called");
    private static final Setting<List<String>> PREFIXES =
            Setting.texts("prefixes", "PREFIX", "serve only blobs whose names begin so (or are in names)");

    private static final Setting<Boolean> ASKED =
            Setting.flag("asked", "false: ask it only as one of 'mirrors'").defaultsTo("true");
    private static final Setting<Value.Mapping> LAYERS = Setting.of(
            "layers",
            "LAYERS",
            "what is put around the source, see below; the first is next to it. Without: retry if it is not local",
            value -> {
                if (value instanceof Value.Mapping mapping) {
                    return mapping;
                }
                throw new IllegalArgumentException("must have the names of layers below it");
            });

    /** The settings that all kinds have. */
    public static final List<Setting<?>> COMMON = List.of(TYPE, DOMAINS, NAMES, PREFIXES, ASKED, LAYERS);

    /** Reads an entry; empty if its kind is not known, which the problems then say. */
    static Optional<SourceConfig> read(String name, Value.Mapping written, Problems problems) {
        Value type = written.entries().get(TYPE.name());
        Optional<SourceType> found =
                type instanceof Value.Text text ? SourceTypes.named(text.text()) : Optional.empty();
        if (found.isEmpty()) {
            problems.add(
                    type == null ? written.origin() : type.origin(),
                    "source '" + name + "' needs a type, one of " + SourceTypes.names());
            return Optional.empty();
        }
        var known = new ArrayList<Setting<?>>(COMMON);
        known.addAll(found.get().settings());
        Settings settings = Settings.read(written, known, problems);
        List<LayerConfig> layers = settings.find(LAYERS)
                .map(mapping -> LayerConfig.read(mapping, problems))
                .orElseGet(() -> LayerConfig.usual(found.get().isLocal(), written));
        return Optional.of(new SourceConfig(name, found.get(), settings, layers));
    }

    /**
     * Tells whether it is asked for blobs, and not only by sources that are made of it.
     *
     * @return whether it is so
     */
    public boolean isAsked() {
        return settings.get(ASKED);
    }

    /**
     * Gives which blobs it is for.
     *
     * @return the rule
     */
    public Match match() {
        return new Match(
                settings.find(DOMAINS).orElse(List.of()),
                settings.find(NAMES).orElse(List.of()),
                settings.find(PREFIXES).orElse(List.of()));
    }
}
