// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.settings;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One setting: its name, what it means to people ({@code --help}), how its text is read, and what is allowed.
 *
 * <p>A constant of the class that uses it, from which {@link Settings} hands out the value. Immutable.
 *
 * @param <T> the type of the value
 */
public final class Setting<T> {
    private final String name;
    private final String placeholder;
    private final String description;
    private final Reader<T> reader;
    private final @Nullable String defaultText;
    private final boolean required;

    /**
     * Makes a value of what was written.
     *
     * @param <T> the type of the value
     */
    @FunctionalInterface
    public interface Reader<T> {

        /**
         * Makes a value.
         *
         * @param value what was written
         * @return the value
         * @throws IllegalArgumentException if it is not allowed, with a message that reads on from the setting's name,
         *     such as {@code "0 is not from 1 to 64"}
         */
        T read(Value value);
    }

    private Setting(
            String name,
            String placeholder,
            String description,
            Reader<T> reader,
            @Nullable String defaultText,
            boolean required) {
        this.name = Objects.requireNonNull(name, "name");
        this.placeholder = Objects.requireNonNull(placeholder, "placeholder");
        this.description = Objects.requireNonNull(description, "description");
        this.reader = Objects.requireNonNull(reader, "reader");
        this.defaultText = defaultText;
        this.required = required;
    }

    /**
     * A setting that is read in its own way.
     *
     * @param <T>         the type of the value
     * @param name        the name, in small letters with hyphens
     * @param placeholder what stands for the value in the help, such as {@code FILE}
     * @param description one line for the help, without the default
     * @param reader      makes the value
     * @return the setting, without a default
     */
    public static <T> Setting<T> of(String name, String placeholder, String description, Reader<T> reader) {
        return new Setting<>(name, placeholder, description, reader, null, false);
    }

    /**
     * A text that is not empty.
     *
     * @param name        the name
     * @param placeholder what stands for the value in the help
     * @param description one line for the help
     * @return the setting
     */
    public static Setting<String> text(String name, String placeholder, String description) {
        return of(name, placeholder, description, Setting::nonEmpty);
    }

    /**
     * A path, which in a file is taken from the directory of that file.
     *
     * @param name        the name
     * @param placeholder what stands for the value in the help, such as {@code DIR}
     * @param description one line for the help
     * @return the setting
     */
    public static Setting<Path> path(String name, String placeholder, String description) {
        return of(name, placeholder, description, value -> {
            try {
                return value.origin().base().resolve(nonEmpty(value));
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("is not a path: " + e.getMessage(), e);
            }
        });
    }

    /**
     * A whole number.
     *
     * @param name        the name
     * @param description one line for the help
     * @param least       the smallest value allowed
     * @param most        the largest value allowed
     * @return the setting
     */
    public static Setting<Integer> count(String name, String description, int least, int most) {
        return of(name, "N", description, value -> {
            String text = nonEmpty(value);
            try {
                int number = Integer.parseInt(text);
                if (number >= least && number <= most) {
                    return number;
                }
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("'" + text + "' is not a number from " + least + " to " + most, e);
            }
            throw new IllegalArgumentException(text + " is not from " + least + " to " + most);
        });
    }

    /**
     * A truth value: {@code true} or {@code false}.
     *
     * @param name        the name
     * @param description one line for the help
     * @return the setting
     */
    public static Setting<Boolean> flag(String name, String description) {
        return of(name, "true|false", description, value -> switch (nonEmpty(value)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("'" + nonEmpty(value) + "' is neither true nor false");
        });
    }

    /**
     * A time: a number with {@code ms}, {@code s}, {@code m} or {@code h}, or seconds without.
     *
     * @param name        the name
     * @param description one line for the help
     * @param least       the shortest time allowed
     * @param most        the longest time allowed
     * @return the setting
     */
    public static Setting<Duration> time(String name, String description, Duration least, Duration most) {
        return of(name, "TIME", description, value -> Quantities.time(nonEmpty(value), least, most));
    }

    /**
     * A number of bytes, with {@code KiB}, {@code MiB}, {@code GiB} or {@code TiB} or without.
     *
     * @param name        the name
     * @param description one line for the help
     * @param least       the smallest value allowed
     * @return the setting
     */
    public static Setting<Long> size(String name, String description, long least) {
        return of(name, "SIZE", description, value -> Quantities.size(nonEmpty(value), least));
    }

    /**
     * An absolute URL.
     *
     * @param name        the name
     * @param description one line for the help
     * @param schemes     those allowed, in small letters
     * @return the setting
     */
    public static Setting<URI> url(String name, String description, String... schemes) {
        Set<String> allowed = Set.of(schemes);
        return of(name, "URL", description, value -> {
            String text = nonEmpty(value);
            URI url;
            try {
                url = new URI(text);
            } catch (URISyntaxException e) {
                throw new IllegalArgumentException("is not a URL: " + e.getMessage(), e);
            }
            String scheme = url.getScheme();
            if (scheme == null || !allowed.contains(scheme.toLowerCase(Locale.ROOT))) {
                throw new IllegalArgumentException("'" + text + "' does not begin with "
                        + Arrays.stream(schemes).map(s -> s + "://").collect(Collectors.joining(" or ")));
            }
            return url;
        });
    }

    /**
     * One word of several.
     *
     * @param name        the name
     * @param description one line for the help
     * @param words       those allowed
     * @return the setting
     */
    public static Setting<String> choice(String name, String description, String... words) {
        return of(name, String.join("|", words), description, value -> {
            String text = nonEmpty(value);
            if (!List.of(words).contains(text)) {
                throw new IllegalArgumentException("'" + text + "' is not one of " + String.join(", ", words));
            }
            return text;
        });
    }

    /**
     * Texts in their order; one alone may be written without the brackets of a list.
     *
     * @param name        the name
     * @param placeholder what stands for one of them in the help
     * @param description one line for the help
     * @return the setting
     */
    public static Setting<List<String>> texts(String name, String placeholder, String description) {
        return of(name, placeholder + "...", description, value -> {
            if (value instanceof Value.Listing listing) {
                var texts = new ArrayList<String>();
                for (Value item : listing.items()) {
                    texts.add(nonEmpty(item));
                }
                return List.copyOf(texts);
            }
            return List.of(nonEmpty(value));
        });
    }

    /**
     * Texts by names.
     *
     * @param name        the name
     * @param placeholder what stands for a pair in the help, such as {@code NAME: VALUE}
     * @param description one line for the help
     * @return the setting
     */
    public static Setting<Map<String, String>> pairs(String name, String placeholder, String description) {
        return of(name, "{" + placeholder + "}", description, value -> {
            if (!(value instanceof Value.Mapping mapping)) {
                throw new IllegalArgumentException("must have lines of the form " + placeholder + " below it");
            }
            var pairs = new LinkedHashMap<String, String>();
            mapping.entries().forEach((key, text) -> pairs.put(key, nonEmpty(text)));
            return java.util.Collections.unmodifiableMap(pairs);
        });
    }

    private static String nonEmpty(Value value) {
        if (!(value instanceof Value.Text text)) {
            throw new IllegalArgumentException("must be one value");
        }
        if (text.text().isEmpty()) {
            throw new IllegalArgumentException("is empty");
        }
        return text.text();
    }

    /**
     * Gives the setting a default.
     *
     * @param text the default as one would write it
     * @return a new setting
     */
    public Setting<T> defaultsTo(String text) {
        return new Setting<>(name, placeholder, description, reader, text, false);
    }

    /**
     * Makes the setting one that must be given.
     *
     * @return a new setting
     */
    public Setting<T> required() {
        return new Setting<>(name, placeholder, description, reader, null, true);
    }

    /**
     * Gives the name.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * Gives what stands for the value in the help.
     *
     * @return the placeholder
     */
    public String placeholder() {
        return placeholder;
    }

    /**
     * Gives the line for the help.
     *
     * @return the description, with the default or that it must be given
     */
    public String description() {
        if (required) {
            return description + " (required)";
        }
        return defaultText == null ? description : description + " (default: " + defaultText + ")";
    }

    boolean isRequired() {
        return required;
    }

    @Nullable
    String defaultText() {
        return defaultText;
    }

    T read(Value value) {
        return reader.read(value);
    }

    @Override
    public String toString() {
        return name;
    }
}
