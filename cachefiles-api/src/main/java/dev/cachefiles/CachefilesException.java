// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.io.IOException;
import java.util.Objects;
import java.util.Optional;

/**
 * A call to the kernel failed. Says what it was about, with which {@link Errno}, and what can be done.
 *
 * <p>The message reads {@code subject: ERRNO (number): cure}, for example {@code /dev/cachefiles: EBUSY (16): another
 * process holds the device; stop it first (systemctl stop cachefilesd)}.
 */
public final class CachefilesException extends IOException {
    private static final long serialVersionUID = 1;

    /** The thing that failed. */
    private final String subject;

    /** The error number; {@link Errno} itself is not serializable. */
    private final int number;

    /** What can be done, or empty. */
    private final String cure;

    /**
     * Makes an exception without a known cure.
     *
     * @param subject the thing that failed: a path, a command, or a request such as {@code READ #7 o5}
     * @param errno   the kernel's error
     */
    public CachefilesException(String subject, Errno errno) {
        this(subject, errno, "");
    }

    /**
     * Makes an exception that names a way out.
     *
     * @param subject the thing that failed: a path, a command, or a request such as {@code READ #7 o5}
     * @param errno   the kernel's error
     * @param cure    the probable cause and what to do about it; may be empty
     */
    public CachefilesException(String subject, Errno errno, String cure) {
        super(subject + ": " + errno + (cure.isEmpty() ? "" : ": " + cure));
        this.subject = Objects.requireNonNull(subject, "subject");
        this.number = errno.number();
        this.cure = cure;
    }

    /**
     * Gives the kernel's error.
     *
     * @return the errno
     */
    public Errno errno() {
        return new Errno(number);
    }

    /**
     * Gives the thing that failed.
     *
     * @return a path, a command, or a request such as {@code READ #7 o5}
     */
    public String subject() {
        return subject;
    }

    /**
     * Gives the probable cause and what to do about it.
     *
     * @return one sentence, or empty if the library knows of none
     */
    public Optional<String> cure() {
        return cure.isEmpty() ? Optional.empty() : Optional.of(cure);
    }
}
