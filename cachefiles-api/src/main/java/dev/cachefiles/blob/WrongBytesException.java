// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import org.jspecify.annotations.Nullable;

/**
 * A source has other bytes than those of the blob: a digest does not match, a size differs, an ETag has changed, or a
 * body cannot be decoded. They are never handed on.
 */
public class WrongBytesException extends PermanentException {
    private static final long serialVersionUID = 1;

    /**
     * Makes an exception.
     *
     * @param message which blob, which range, what was expected and what was found
     */
    public WrongBytesException(String message) {
        super(message);
    }

    /**
     * Makes an exception.
     *
     * @param message which blob, which range, what was expected and what was found
     * @param cause   the failure; null if there is none
     */
    public WrongBytesException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
