// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.config;

import dev.cachefiles.examples.blobserver.settings.ConfigException;
import dev.cachefiles.examples.blobserver.settings.Problems;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.settings.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that a daemon is told.
 *
 * @param cache    the section {@code cache}
 * @param server   the section {@code server}
 * @param prefetch the section {@code prefetch}
 * @param sources  the section {@code sources}, in the order in which they are asked
 */
public record DaemonConfig(
        CacheSection cache, ServerSection server, PrefetchSection prefetch, List<SourceConfig> sources) {

    /** The name of the section with the cache's options. */
    public static final String CACHE = "cache";

    /** The name of the section on how requests are served. */
    public static final String SERVER = "server";

    /** The name of the section on fetching ahead. */
    public static final String PREFETCH = "prefetch";

    /** The name of the section with the sources. */
    public static final String SOURCES = "sources";

    private static final Setting<Value.Mapping> CACHE_SECTION = section(CACHE, "the cache, see below");
    private static final Setting<Value.Mapping> SERVER_SECTION = section(SERVER, "the server, see below");
    private static final Setting<Value.Mapping> PREFETCH_SECTION = section(PREFETCH, "fetching ahead, see below");
    private static final Setting<Value.Mapping> SOURCES_SECTION =
            section(SOURCES, "the sources by names of your choice, see below");
    private static final List<Setting<?>> SECTIONS =
            List.of(CACHE_SECTION, SERVER_SECTION, PREFETCH_SECTION, SOURCES_SECTION);

    /** Copies the list. */
    public DaemonConfig {
        sources = List.copyOf(sources);
    }

    private static Setting<Value.Mapping> section(String name, String description) {
        return Setting.of(name, "SETTINGS", description, value -> {
            if (value instanceof Value.Mapping mapping) {
                return mapping;
            }
            throw new IllegalArgumentException(
                    "must have lines of the form NAME: VALUE below it, further to the right");
        });
    }

    /**
     * Reads a configuration.
     *
     * @param written what was written
     * @return the configuration
     * @throws ConfigException if anything in it is wrong, with all that is
     */
    public static DaemonConfig read(Value.Mapping written) throws ConfigException {
        var problems = new Problems();
        Settings sections = Settings.read(written, SECTIONS, problems);
        problems.throwIfAny();
        Settings cache = Settings.read(of(sections, CACHE_SECTION, written), CacheSection.SETTINGS, problems);
        Settings server = Settings.read(of(sections, SERVER_SECTION, written), ServerSection.SETTINGS, problems);
        Settings prefetch = Settings.read(of(sections, PREFETCH_SECTION, written), PrefetchSection.SETTINGS, problems);
        var sources = new ArrayList<SourceConfig>();
        for (Map.Entry<String, Value> entry :
                of(sections, SOURCES_SECTION, written).entries().entrySet()) {
            if (entry.getValue() instanceof Value.Mapping mapping) {
                SourceConfig.read(entry.getKey(), mapping, problems).ifPresent(sources::add);
            } else {
                problems.add(entry.getValue().origin(), "source '" + entry.getKey() + "' must have settings below it");
            }
        }
        if (sources.isEmpty()) {
            problems.add(sections.origin(SOURCES_SECTION), "there is no source to serve from");
        }
        problems.throwIfAny();
        return new DaemonConfig(
                new CacheSection(cache), new ServerSection(server), new PrefetchSection(prefetch), sources);
    }

    private static Value.Mapping of(Settings sections, Setting<Value.Mapping> section, Value.Mapping whole) {
        return sections.find(section).orElseGet(() -> new Value.Mapping(whole.origin(), Map.of()));
    }

    /**
     * Puts sections over those of another mapping, setting by setting.
     *
     * @param below what was written first, or null for nothing
     * @param above what counts where both say something
     * @return both together
     */
    public static Value.Mapping overlay(Value.@Nullable Mapping below, Value.Mapping above) {
        if (below == null) {
            return above;
        }
        var sections = new LinkedHashMap<String, Value>(below.entries());
        above.entries()
                .forEach((name, section) -> sections.merge(
                        name,
                        section,
                        (first, second) -> first instanceof Value.Mapping a && second instanceof Value.Mapping b
                                ? a.with(b.entries())
                                : second));
        return new Value.Mapping(below.origin(), sections);
    }
}
