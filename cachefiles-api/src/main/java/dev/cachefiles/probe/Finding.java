// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import java.util.Optional;

/**
 * One thing that a probe has looked at.
 *
 * @param severity how bad it is
 * @param topic    what was looked at
 * @param what     what was found, in one sentence
 * @param cure     what can be done, or an empty text if nothing need be
 */
public record Finding(Severity severity, Topic topic, String what, String cure) {

    /** How bad a finding is. */
    public enum Severity {
        /** As it should be. */
        OK,
        /** A cache can be set up, but some of it will not work, now or later. */
        WARNING,
        /** A cache cannot be set up. */
        ERROR
    }

    /** What a probe looks at, in this order. */
    public enum Topic {
        /** How the kernel was built. */
        KERNEL,
        /** The rights of this process. */
        PRIVILEGE,
        /** {@code /dev/cachefiles}, and who has it. */
        DEVICE,
        /** The cache's directory. */
        DIRECTORY,
        /** What its file system can do. */
        FILE_SYSTEM,
        /** What is free on it. */
        SPACE,
        /** The cache's tag, and mounts that still use another one. */
        TAG,
        /** How many files this process may have open. */
        OPEN_FILES,
        /** The set-up itself, tried for a moment. */
        SET_UP
    }

    static Finding ok(Topic topic, String what) {
        return new Finding(Severity.OK, topic, what, "");
    }

    static Finding warning(Topic topic, String what, String cure) {
        return new Finding(Severity.WARNING, topic, what, cure);
    }

    static Finding error(Topic topic, String what, String cure) {
        return new Finding(Severity.ERROR, topic, what, cure);
    }

    /**
     * Gives what can be done.
     *
     * @return the cure, or empty if nothing need be done
     */
    public Optional<String> remedy() {
        return cure.isEmpty() ? Optional.empty() : Optional.of(cure);
    }

    /**
     * Gives the finding in one line.
     *
     * @return the text, such as {@code ERROR KERNEL: the kernel was built without CONFIG_CACHEFILES_ONDEMAND; ...}
     */
    @Override
    public String toString() {
        return severity + " " + topic + ": " + what + (cure.isEmpty() ? "" : "; " + cure);
    }
}
