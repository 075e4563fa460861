// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.config.DaemonConfig;
import dev.cachefiles.examples.blobserver.config.ServerSection;
import dev.cachefiles.examples.blobserver.control.ControlClient;
import dev.cachefiles.examples.blobserver.daemon.ConfigSource;
import dev.cachefiles.examples.blobserver.settings.ConfigException;
import dev.cachefiles.examples.blobserver.settings.Origin;
import dev.cachefiles.examples.blobserver.settings.Value;
import dev.cachefiles.examples.blobserver.settings.YamlFile;
import dev.cachefiles.examples.blobserver.sources.DirectoryType;
import dev.cachefiles.examples.blobserver.sources.SourceType;
import dev.cachefiles.examples.blobserver.sources.SourceTypes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * The options that say what is served, and into which cache; they become a configuration like that of a file.
 *
 * <p>Picocli is told of them by its builders: to find them as annotations would take a fifth of a daemon's start.
 */
final class SourceOptions {
    private final OptionSpec config =
            text("--config", "FILE", "read this configuration; options given here besides replace what it says");
    private final OptionSpec cacheDirectory =
            text("--cache-dir", "DIR", "where the kernel keeps the cache; made if missing");
    private final OptionSpec blobs = text("--blobs", "DIR", "serve the files of this directory");
    private final OptionSpec source = text(
            "--source", "URL", "serve the blobs at this URL; the kinds of URLs are below, at the kinds of sources");
    private final OptionSpec sourceSettings = OptionSpec.builder("--set")
            .paramLabel("NAME=VALUE")
            .description("a setting of the source that --blobs or --source names; may be repeated")
            .type(Map.class)
            .auxiliaryTypes(String.class, String.class)
            .build();
    private final OptionSpec pins = OptionSpec.builder("--pin")
            .paramLabel("[DOMAIN/]NAME")
            .description("never cull these blobs; * stands for any text; may be repeated")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .build();

    private final OptionSpec runtime = text(RuntimeOption.NAME, "DIR", RuntimeOption.DESCRIPTION);

    /** Those that are one setting of the cache or the server each, by its name. */
    private final Map<String, OptionSpec> cacheSettings = new LinkedHashMap<>();

    private final Map<String, OptionSpec> serverSettings = new LinkedHashMap<>();

    /**
     * Makes the options.
     *
     * @param withDevice whether {@code --device} is the kernel's device; other commands call the blobs of an image so
     */
    SourceOptions(boolean withDevice) {
        cacheSettings.put("directory", cacheDirectory);
        cacheSettings.put(
                "budget",
                text(
                        "--budget",
                        "SIZE",
                        "keep the cache to this size, such as 20GiB: cull what was used least recently, never what is"
                                + " mounted"));
        cacheSettings.put(
                "cull",
                text(
                        "--cull",
                        "on|dry-run|off",
                        "whether blobs are culled for the budget and when the disk is nearly full (default: on)"));
        cacheSettings.put("tag", text("--tag", "T", "the cache's tag, the same at each start"));
        if (withDevice) {
            cacheSettings.put("device", text("--device", "PATH", "the kernel's device"));
        }
        serverSettings.put(
                "threads",
                text("--threads", "N", "how many threads wait for the kernel; one is fastest for local files"));
        serverSettings.put(
                "open-deadline",
                text("--open-deadline", "TIME", "let a mount fail that cannot be served in that time"));
        serverSettings.put(
                "read-deadline", text("--read-deadline", "TIME", "let a read fail that cannot be served in that time"));
        serverSettings.put(
                "largest-fill",
                text(
                        "--largest-fill",
                        "SIZE",
                        "fetch at most so much for a miss, with the bytes around what is asked for; 0: only what is"
                                + " asked for"));
        serverSettings.put("stats", text("--stats", "TIME", "log counts of requests that often; 0: only at the end"));
        serverSettings.put(ServerSection.RUNTIME.name(), runtime);
    }

    private static OptionSpec text(String name, String label, String description) {
        return OptionSpec.builder(name)
                .paramLabel(label)
                .description(description)
                .type(String.class)
                .build();
    }

    /** Adds them to a command: what says it all, the cache, what is served, and how. */
    void addTo(CommandSpec command) {
        command.addOption(config);
        cacheSettings.values().forEach(command::addOption);
        List.of(pins, blobs, source, sourceSettings).forEach(command::addOption);
        serverSettings.values().forEach(command::addOption);
    }

    private static @Nullable String given(ArgSpec option) {
        return option.getValue();
    }

    private Map<String, String> sourceSettings() {
        Map<String, String> given = sourceSettings.getValue();
        return given == null ? Collections.emptyMap() : given;
    }

    private List<String> pins() {
        List<String> given = pins.getValue();
        return given == null ? Collections.emptyList() : given;
    }

    private @Nullable Path file() {
        String name = given(config);
        return name == null ? null : Path.of(name);
    }

    /** Gives the client for the daemon that the options point to. */
    ControlClient client() {
        return RuntimeOption.client(given(runtime));
    }

    /** Tells whether they say what is served. */
    boolean areGiven() {
        return given(config) != null || given(blobs) != null || given(source) != null;
    }

    /** Gives the configuration that they make, with what the file says at that time. */
    ConfigSource on(CommandLine line) {
        return new ConfigSource() {
            @Override
            public DaemonConfig read() throws IOException {
                return SourceOptions.this.read(line);
            }

            @Override
            public Optional<Path> file() {
                return Optional.ofNullable(SourceOptions.this.file());
            }
        };
    }

    private DaemonConfig read(CommandLine line) throws IOException {
        Path file = file();
        if (file == null) {
            checkNotMissing(line);
        }
        Value.Mapping options = options(line);
        try {
            return DaemonConfig.read(DaemonConfig.overlay(file == null ? null : YamlFile.read(file), options));
        } catch (ConfigException e) {
            if (file == null) {
                throw new ParameterException(line, String.valueOf(e.getMessage()), e);
            }
            throw e;
        }
    }

    private void checkNotMissing(CommandLine line) {
        var missing = new ArrayList<String>();
        if (given(cacheDirectory) == null) {
            missing.add("'--cache-dir=DIR'");
        }
        if (given(blobs) == null && given(source) == null) {
            missing.add("'--blobs=DIR' or '--source=URL'");
        }
        if (!missing.isEmpty()) {
            throw new ParameterException(
                    line, "missing: " + String.join(", ", missing) + "; or '--config=FILE', which says it all");
        }
    }

    private Value.Mapping options(CommandLine line) {
        var sections = new LinkedHashMap<String, Value>();
        Map<String, Value> cache = section(cacheSettings);
        if (!pins().isEmpty()) {
            var items = new ArrayList<Value>();
            pins().forEach(pin -> items.add(new Value.Text(Origin.option(pins.longestName()), pin)));
            cache.put("pin", new Value.Listing(Origin.option(pins.longestName()), items));
        }
        put(sections, DaemonConfig.CACHE, cache);
        put(sections, DaemonConfig.SERVER, section(serverSettings));
        put(sections, DaemonConfig.SOURCES, sources(line));
        return mapping("the command line", sections);
    }

    private static Map<String, Value> section(Map<String, OptionSpec> options) {
        var section = new LinkedHashMap<String, Value>();
        options.forEach((name, option) -> put(section, name, option.longestName(), given(option)));
        return section;
    }

    private Map<String, Value> sources(CommandLine line) {
        var sources = new LinkedHashMap<String, Value>();
        String directory = given(blobs);
        String url = given(source);
        if (directory != null && url != null) {
            throw new ParameterException(
                    line, "--blobs and --source exclude each other; use --config=FILE for several");
        }
        if (directory == null && url == null) {
            if (!sourceSettings().isEmpty()) {
                throw new ParameterException(line, "--set goes with --blobs or --source");
            }
            return sources;
        }
        var entry = new LinkedHashMap<String, Value>();
        sourceSettings().forEach((name, value) -> put(entry, name, "--set " + name, value));
        String option = url == null ? "--blobs" : "--source";
        put(entry, "type", option, url == null ? "directory" : typeOf(line, url));
        put(entry, url == null ? DirectoryType.PATH.name() : "url", option, url == null ? directory : url);
        sources.put(url == null ? "blobs" : "source", mapping(option, entry));
        return sources;
    }

    private static String typeOf(CommandLine line, String url) {
        List<String> known = SourceTypes.ALL.stream()
                .flatMap(type -> type.schemes().stream())
                .sorted()
                .map(scheme -> scheme + ":")
                .toList();
        return SourceTypes.ofUrl(url)
                .map(SourceType::name)
                .orElseThrow(() -> new ParameterException(
                        line, "--source " + url + ": begins with none of " + String.join(" ", known)));
    }

    private static void put(Map<String, Value> section, String name, String option, @Nullable String text) {
        if (text != null) {
            section.put(name, new Value.Text(Origin.option(option), text));
        }
    }

    private static void put(Map<String, Value> sections, String name, Map<String, Value> entries) {
        if (!entries.isEmpty()) {
            sections.put(name, mapping("the command line", entries));
        }
    }

    private static Value.Mapping mapping(String origin, Map<String, Value> entries) {
        return new Value.Mapping(Origin.option(origin), entries);
    }
}
