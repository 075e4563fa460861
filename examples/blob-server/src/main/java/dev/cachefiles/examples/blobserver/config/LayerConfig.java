// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.config;

import dev.cachefiles.examples.blobserver.layers.LayerType;
import dev.cachefiles.examples.blobserver.layers.LayerTypes;
import dev.cachefiles.examples.blobserver.settings.Problems;
import dev.cachefiles.examples.blobserver.settings.Settings;
import dev.cachefiles.examples.blobserver.settings.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A layer around a source.
 *
 * @param type     its kind
 * @param settings its settings
 */
public record LayerConfig(LayerType type, Settings settings) {

    /** Reads the layers of a source, the innermost first. */
    static List<LayerConfig> read(Value.Mapping written, Problems problems) {
        var layers = new ArrayList<LayerConfig>();
        for (Map.Entry<String, Value> entry : written.entries().entrySet()) {
            Value value = entry.getValue();
            var type = LayerTypes.named(entry.getKey());
            if (type.isEmpty()) {
                problems.add(
                        value.origin(), "there is no layer '" + entry.getKey() + "'; known: " + LayerTypes.names());
            } else if (value instanceof Value.Mapping mapping) {
                layers.add(new LayerConfig(
                        type.get(), Settings.read(mapping, type.get().settings(), problems)));
            } else if (value instanceof Value.Text text && text.text().isEmpty()) {
                layers.add(new LayerConfig(
                        type.get(),
                        Settings.read(
                                new Value.Mapping(text.origin(), Map.of()),
                                type.get().settings(),
                                problems)));
            } else {
                problems.add(value.origin(), "layer '" + entry.getKey() + "' must have settings below it, or nothing");
            }
        }
        return List.copyOf(layers);
    }

    /** Gives what a source has that names no layers: those that wait for a network try again. */
    static List<LayerConfig> usual(boolean local, Value.Mapping source) {
        if (local) {
            return List.of();
        }
        LayerType retry = LayerTypes.named("retry").orElseThrow();
        var none = new Value.Mapping(source.origin(), Map.of());
        return List.of(new LayerConfig(retry, Settings.read(none, retry.settings(), new Problems())));
    }
}
