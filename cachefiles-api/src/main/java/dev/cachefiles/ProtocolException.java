// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.io.IOException;

/**
 * Bytes from the kernel are no message of the protocol as this library knows it.
 *
 * <p>The message names the field that is wrong and gives the bytes in hexadecimal, for a bug report.
 */
public final class ProtocolException extends IOException {
    private static final long serialVersionUID = 1;

    /**
     * Makes an exception.
     *
     * @param message what is wrong, with the bytes
     */
    public ProtocolException(String message) {
        super(message);
    }
}
