// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Bytes cannot be had from this source, however often it is asked: not authorised, not what was asked for, not
 * understood. Another source of the same blob may have them.
 *
 * <p>That there is no such blob is said with {@link java.nio.file.NoSuchFileException}, and that its name is not allowed
 * with {@link java.nio.file.AccessDeniedException}; these are as permanent.
 *
 * @see TransientException
 */
public class PermanentException extends IOException {
    private static final long serialVersionUID = 1;

    /**
     * Makes an exception.
     *
     * @param message which thing failed, how, and the way out if there is one
     */
    public PermanentException(String message) {
        super(message);
    }

    /**
     * Makes an exception.
     *
     * @param message which thing failed, how, and the way out if there is one
     * @param cause   the failure; null if there is none
     */
    public PermanentException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
