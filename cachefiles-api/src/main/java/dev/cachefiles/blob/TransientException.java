// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Bytes cannot be had now, and perhaps later: a server is busy, a connection was lost. Thrown by sources, and by layers
 * that give up for the moment.
 *
 * @see PermanentException
 */
public class TransientException extends IOException {
    private static final long serialVersionUID = 1;

    /** The least time to wait, or null if none was said. */
    private final @Nullable Duration retryAfter;

    /**
     * Makes an exception for a failure that says nothing of the time to wait.
     *
     * @param message which thing failed, and how
     */
    public TransientException(String message) {
        super(message);
        this.retryAfter = null;
    }

    /**
     * Makes an exception for a failure that says nothing of the time to wait.
     *
     * @param message which thing failed, and how
     * @param cause   the failure; null if there is none
     */
    public TransientException(String message, @Nullable Throwable cause) {
        super(message, cause);
        this.retryAfter = null;
    }

    /**
     * Makes an exception for one who has said when to come again, as servers do with {@code Retry-After}.
     *
     * @param message    which thing failed, and how
     * @param retryAfter least time to wait before the next attempt; negative counts as zero
     */
    public TransientException(String message, Duration retryAfter) {
        super(message);
        this.retryAfter = retryAfter.isNegative() ? Duration.ZERO : retryAfter;
    }

    /**
     * Gives the time to wait.
     *
     * @return least time from the failure to the next attempt, not negative; or empty if none was said
     */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
