// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.config.CacheSection;
import dev.cachefiles.examples.blobserver.config.PrefetchSection;
import dev.cachefiles.examples.blobserver.config.ServerSection;
import dev.cachefiles.examples.blobserver.config.SourceConfig;
import dev.cachefiles.examples.blobserver.layers.LayerType;
import dev.cachefiles.examples.blobserver.layers.LayerTypes;
import dev.cachefiles.examples.blobserver.settings.Setting;
import dev.cachefiles.examples.blobserver.sources.SourceType;
import dev.cachefiles.examples.blobserver.sources.SourceTypes;
import java.util.ArrayList;
import java.util.List;

/** The part of the help that lists the settings of configuration files; made from the settings themselves. */
final class SettingsHelp {
    private static final int WIDTH = 80;
    private static final String INDENT = "        ";

    private SettingsHelp() {}

    static String[] lines() {
        var lines = new ArrayList<String>();
        lines.add("");
        lines.add("The configuration is a YAML file, for example");
        lines.add("");
        lines.add("  cache:");
        lines.add("    directory: /var/cache/fscache");
        lines.add("  sources:");
        lines.add("    images:                 # a name of your choice, for messages");
        lines.add("      type: directory");
        lines.add("      path: /srv/images");
        lines.add("      layers:");
        lines.add("        retry:");
        lines.add("          attempts: 3");
        lines.add("");
        lines.add("Sources are asked in their order; one that has no such blob passes the question");
        lines.add("on to the next, one that fails does not. Paths start from the file's directory.");
        group(lines, "Settings in 'cache'", CacheSection.SETTINGS);
        group(lines, "Settings in 'server'", ServerSection.SETTINGS);
        group(lines, "Settings in 'prefetch'", PrefetchSection.SETTINGS);
        group(lines, "Settings of each source", SourceConfig.COMMON);
        for (LayerType type : LayerTypes.ALL) {
            group(lines, "Settings of layer '" + type.name() + "', which " + type.description(), type.settings());
        }
        for (SourceType type : SourceTypes.ALL) {
            group(lines, "Settings of type '" + type.name() + "', " + type.description(), type.settings());
            if (!type.schemes().isEmpty()) {
                wrap(
                        lines,
                        "  --source=URL with a URL of scheme "
                                + String.join(
                                        ", ", type.schemes().stream().sorted().toList()),
                        "    ");
            }
        }
        // picocli takes each as a format.
        return lines.stream().map(line -> line.replace("%", "%%")).toArray(String[]::new);
    }

    private static void group(List<String> lines, String heading, List<Setting<?>> settings) {
        lines.add("");
        wrap(lines, heading + ":", "  ");
        for (Setting<?> setting : settings) {
            wrap(lines, "  " + setting.name() + ": " + setting.placeholder(), INDENT);
            wrap(lines, INDENT + setting.description(), INDENT);
        }
    }

    private static void wrap(List<String> lines, String text, String indent) {
        String rest = text;
        while (rest.length() > WIDTH) {
            int blank = rest.lastIndexOf(' ', WIDTH);
            if (blank <= indent.length()) {
                break;
            }
            lines.add(rest.substring(0, blank));
            rest = indent + rest.substring(blank + 1);
        }
        lines.add(rest);
    }
}
