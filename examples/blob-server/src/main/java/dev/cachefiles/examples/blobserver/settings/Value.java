// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.settings;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A piece of configuration as it was written, before anyone has asked what it means. Immutable. */
public sealed interface Value {

    /**
     * Tells where it was written.
     *
     * @return the place
     */
    Origin origin();

    /**
     * Gives the value without its places: two values with the same text say the same.
     *
     * @return the text
     */
    String canonical();

    /**
     * One text, number or truth value.
     *
     * @param origin where it was written
     * @param text   what was written
     */
    record Text(Origin origin, String text) implements Value {
        @Override
        public String canonical() {
            return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
        }
    }

    /**
     * Several values in their order.
     *
     * @param origin where the list begins
     * @param items  the values
     */
    record Listing(Origin origin, List<Value> items) implements Value {

        /** Copies the list. */
        public Listing {
            items = List.copyOf(items);
        }

        @Override
        public String canonical() {
            return items.stream().map(Value::canonical).toList().toString();
        }
    }

    /**
     * Values with names.
     *
     * @param origin  where it begins
     * @param entries the values by their names, in the order of the file
     */
    record Mapping(Origin origin, Map<String, Value> entries) implements Value {

        /** Copies the map. */
        public Mapping {
            entries = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(entries));
        }

        @Override
        public String canonical() {
            var text = new StringBuilder("{");
            entries.forEach((name, value) -> text.append(new Text(origin, name).canonical())
                    .append(':')
                    .append(value.canonical())
                    .append(','));
            return text.append('}').toString();
        }

        /**
         * Adds entries, which replace those of the same name.
         *
         * @param more the entries
         * @return a new mapping
         */
        public Mapping with(Map<String, ? extends Value> more) {
            var all = new LinkedHashMap<>(entries);
            all.putAll(more);
            return new Mapping(origin, all);
        }
    }
}
