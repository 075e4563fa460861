// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.settings;

import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a configuration, so that all of it can be said at once. For use by one thread. */
public final class Problems {
    private final List<String> lines = new ArrayList<>();

    /** Makes an empty collection. */
    public Problems() {}

    /**
     * Adds a problem.
     *
     * @param origin  where it is
     * @param message what is wrong, and what would be right
     */
    public void add(Origin origin, String message) {
        lines.add(origin + ": " + message);
    }

    /**
     * Adds the problems of an exception.
     *
     * @param failure the exception
     */
    public void add(ConfigException failure) {
        lines.addAll(String.valueOf(failure.getMessage()).lines().toList());
    }

    /**
     * Ends the check.
     *
     * @throws ConfigException if there was any problem, with all of them
     */
    public void throwIfAny() throws ConfigException {
        if (!lines.isEmpty()) {
            throw new ConfigException(lines);
        }
    }
}
