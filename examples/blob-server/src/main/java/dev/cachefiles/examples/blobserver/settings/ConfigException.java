// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.settings;

import dev.cachefiles.examples.blobserver.support.Refusal;
import java.util.List;

/** A configuration that says something wrong. Each line of the message names the file and the line, or the option. */
public final class ConfigException extends Refusal {
    private static final long serialVersionUID = 1;

    /**
     * Reports one problem.
     *
     * @param origin  where it is
     * @param message what is wrong, and what would be right
     */
    public ConfigException(Origin origin, String message) {
        this(List.of(origin + ": " + message));
    }

    ConfigException(List<String> problems) {
        super(String.join("\n", problems));
    }
}
