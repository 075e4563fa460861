// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.settings;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The values of a group of settings, all of them checked. Immutable and safe for use by several threads.
 */
public final class Settings {
    private final Value.Mapping written;
    private final Map<Setting<?>, Object> values;

    private Settings(Value.Mapping written, Map<Setting<?>, Object> values) {
        this.written = written;
        this.values = values;
    }

    /**
     * Reads a group of settings.
     *
     * @param written  what was written
     * @param known    the settings that there are
     * @param problems is told of names that are not known, of values that are not allowed, and of what is missing; the
     *     settings that are returned must not be used then
     * @return the settings
     */
    public static Settings read(Value.Mapping written, List<Setting<?>> known, Problems problems) {
        var names = new ArrayList<String>();
        var values = new HashMap<Setting<?>, Object>();
        for (Setting<?> setting : known) {
            names.add(setting.name());
            Value value = written.entries().get(setting.name());
            String defaultText = setting.defaultText();
            if (value == null && setting.isRequired()) {
                problems.add(written.origin(), "'" + setting.name() + "' is missing: " + setting.description());
            }
            if (value == null && defaultText != null) {
                value = new Value.Text(written.origin(), defaultText);
            }
            if (value != null) {
                try {
                    values.put(setting, setting.read(value));
                } catch (IllegalArgumentException e) {
                    problems.add(value.origin(), labelled(value.origin(), setting.name()) + e.getMessage());
                }
            }
        }
        written.entries().forEach((name, value) -> {
            if (!names.contains(name)) {
                problems.add(
                        value.origin(), "there is no setting '" + name + "' here; known: " + String.join(", ", names));
            }
        });
        return new Settings(written, values);
    }

    /** An option's origin is its name already. */
    private static String labelled(Origin origin, String name) {
        return origin.text().startsWith("--") ? "" : name + ": ";
    }

    /**
     * Gives a value.
     *
     * @param <T>     the type of the value
     * @param setting one that is required or has a default
     * @return the value
     * @throws IllegalArgumentException if the setting is neither, or none of this group
     */
    public <T> T get(Setting<T> setting) {
        return find(setting)
                .orElseThrow(() -> new IllegalArgumentException(setting + " is not among these, or has no default"));
    }

    /**
     * Gives a value that may be missing.
     *
     * @param <T>     the type of the value
     * @param setting the setting
     * @return the value, or the default; empty if there is neither
     */
    @SuppressWarnings("unchecked") // put there by a reader of this type
    public <T> Optional<T> find(Setting<T> setting) {
        return Optional.ofNullable((T) values.get(setting));
    }

    /**
     * Tells where a setting was written.
     *
     * @param setting the setting
     * @return its place, or that of the group if it was not given
     */
    public Origin origin(Setting<?> setting) {
        Value value = written.entries().get(setting.name());
        return value == null ? written.origin() : value.origin();
    }

    /**
     * Names a setting for messages.
     *
     * @param setting the setting
     * @return such as {@code blob-server.yaml:12: path} or {@code --blobs}
     */
    public String label(Setting<?> setting) {
        Origin origin = origin(setting);
        return origin.text().startsWith("--") ? origin.text() : origin + ": " + setting.name();
    }

    /**
     * Makes an exception about a setting, for what cannot be seen in its text alone.
     *
     * @param setting the setting
     * @param message what is wrong, and what would be right; reads on from the setting's name
     * @return the exception, to be thrown
     */
    public ConfigException refuse(Setting<?> setting, String message) {
        Origin origin = origin(setting);
        return new ConfigException(origin, labelled(origin, setting.name()) + message);
    }

    /**
     * Compares what was written, whereever that was.
     *
     * @param other other settings of the same group
     * @return whether they say the same
     */
    public boolean sameAs(Settings other) {
        return written.canonical().equals(other.written.canonical());
    }
}
