// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.support;

import java.io.IOException;

/** A reason not to do what was asked, to be shown to people as it is. */
public class Refusal extends IOException {
    private static final long serialVersionUID = 1;

    /**
     * Makes a refusal.
     *
     * @param message which thing, what is wrong, and the way out
     */
    public Refusal(String message) {
        super(message);
    }
}
