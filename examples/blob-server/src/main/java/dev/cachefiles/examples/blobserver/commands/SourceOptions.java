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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that say what is served, and into which cache; they become a configuration like that of a file. */
final class SourceOptions {

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "read this configuration; options given here besides replace what it says")
    private @Nullable Path file;

    @Option(
            names = "--cache-dir",
            paramLabel = "DIR",
            description = "where the kernel keeps the cache; made if missing")
    private @Nullable String cacheDirectory;

    @Option(names = "--blobs", paramLabel = "DIR", description = "serve the files of this directory")
    private @Nullable String blobs;

    @Option(
            names = "--source",
            paramLabel = "URL",
            description = "serve the blobs at this URL; the kinds of URLs are below, at the kinds of sources")
    private @Nullable String url;

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "a setting of the source that --blobs or --source names; may be repeated")
    private Map<String, String> sourceSettings = new LinkedHashMap<>();

    @Option(
            names = "--budget",
            paramLabel = "SIZE",
            description = "keep the cache to this size, such as 20GiB: cull what was used least recently, never what is"
                    + " mounted")
    private @Nullable String budget;

    @Option(
            names = "--pin",
            paramLabel = "[DOMAIN/]NAME",
            description = "never cull these blobs; * stands for any text; may be repeated")
    private List<String> pins = new ArrayList<>();

    @Option(
            names = "--cull",
            paramLabel = "on|dry-run|off",
            description = "whether blobs are culled for the budget and when the disk is nearly full (default: on)")
    private @Nullable String cull;

    @Option(names = "--tag", paramLabel = "T", description = "the cache's tag, the same at each start")
    private @Nullable String tag;

    /** Not an option here: other commands call the blobs of an image devices. */
    private @Nullable String device;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "how many threads wait for the kernel; one is fastest for local files")
    private @Nullable String threads;

    @Option(
            names = "--open-deadline",
            paramLabel = "TIME",
            description = "let a mount fail that cannot be served in that time")
    private @Nullable String openDeadline;

    @Option(
            names = "--read-deadline",
            paramLabel = "TIME",
            description = "let a read fail that cannot be served in that time")
    private @Nullable String readDeadline;

    @Option(
            names = "--largest-fill",
            paramLabel = "SIZE",
            description = "fetch at most so much for a miss, with the bytes around what is asked for; 0: only what is"
                    + " asked for")
    private @Nullable String largestFill;

    @Option(
            names = "--stats",
            paramLabel = "TIME",
            description = "log counts of requests that often; 0: only at the end")
    private @Nullable String stats;

    @Mixin
    private RuntimeOption runtime = new RuntimeOption();

    SourceOptions() {}

    /** Names the kernel's device. */
    void setDevice(@Nullable String path) {
        device = path;
    }

    /** Gives the client for the daemon that the options point to. */
    ControlClient client() {
        return runtime.client();
    }

    /** Tells whether they say what is served. */
    boolean areGiven() {
        return file != null || blobs != null || url != null;
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
                return Optional.ofNullable(file);
            }
        };
    }

    private DaemonConfig read(CommandLine line) throws IOException {
        Path named = file;
        if (named == null) {
            checkNotMissing(line);
        }
        Value.Mapping options = options(line);
        try {
            return DaemonConfig.read(DaemonConfig.overlay(named == null ? null : YamlFile.read(named), options));
        } catch (ConfigException e) {
            if (named == null) {
                throw new ParameterException(line, String.valueOf(e.getMessage()), e);
            }
            throw e;
        }
    }

    private void checkNotMissing(CommandLine line) {
        var missing = new ArrayList<String>();
        if (cacheDirectory == null) {
            missing.add("'--cache-dir=DIR'");
        }
        if (blobs == null && url == null) {
            missing.add("'--blobs=DIR' or '--source=URL'");
        }
        if (!missing.isEmpty()) {
            throw new ParameterException(
                    line, "missing: " + String.join(", ", missing) + "; or '--config=FILE', which says it all");
        }
    }

    private Value.Mapping options(CommandLine line) {
        var sections = new LinkedHashMap<String, Value>();
        var cache = new LinkedHashMap<String, Value>();
        put(cache, "directory", "--cache-dir", cacheDirectory);
        put(cache, "tag", "--tag", tag);
        put(cache, "device", "--device", device);
        put(cache, "budget", "--budget", budget);
        put(cache, "cull", "--cull", cull);
        if (!pins.isEmpty()) {
            List<Value> items = pins.stream()
                    .<Value>map(pin -> new Value.Text(Origin.option("--pin"), pin))
                    .toList();
            cache.put("pin", new Value.Listing(Origin.option("--pin"), items));
        }
        section(sections, DaemonConfig.CACHE, cache);
        var server = new LinkedHashMap<String, Value>();
        put(server, "threads", "--threads", threads);
        put(server, "open-deadline", "--open-deadline", openDeadline);
        put(server, "read-deadline", "--read-deadline", readDeadline);
        put(server, "largest-fill", "--largest-fill", largestFill);
        put(server, "stats", "--stats", stats);
        put(server, ServerSection.RUNTIME.name(), RuntimeOption.NAME, runtime.text());
        section(sections, DaemonConfig.SERVER, server);
        section(sections, DaemonConfig.SOURCES, sources(line));
        return mapping("the command line", sections);
    }

    private Map<String, Value> sources(CommandLine line) {
        var sources = new LinkedHashMap<String, Value>();
        if (blobs != null && url != null) {
            throw new ParameterException(
                    line, "--blobs and --source exclude each other; use --config=FILE for several");
        }
        if (blobs == null && url == null) {
            if (!sourceSettings.isEmpty()) {
                throw new ParameterException(line, "--set goes with --blobs or --source");
            }
            return sources;
        }
        var entry = new LinkedHashMap<String, Value>();
        sourceSettings.forEach((name, value) -> put(entry, name, "--set " + name, value));
        String option = blobs == null ? "--source" : "--blobs";
        put(entry, "type", option, blobs == null ? typeOf(line, String.valueOf(url)) : "directory");
        put(entry, blobs == null ? "url" : DirectoryType.PATH.name(), option, blobs == null ? url : blobs);
        sources.put(blobs == null ? "source" : "blobs", mapping(option, entry));
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

    private static void section(Map<String, Value> sections, String name, Map<String, Value> entries) {
        if (!entries.isEmpty()) {
            sections.put(name, mapping("the command line", entries));
        }
    }

    private static Value.Mapping mapping(String origin, Map<String, Value> entries) {
        return new Value.Mapping(Origin.option(origin), entries);
    }
}
