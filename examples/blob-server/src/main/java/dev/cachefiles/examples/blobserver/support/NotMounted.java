// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.support;

/** What was asked for needs a blob that is open, and it is not, or not any longer: its image has to be mounted. */
public final class NotMounted extends Refusal {
    private static final long serialVersionUID = 1;

    /**
     * Makes a refusal.
     *
     * @param message which blob, and what could not be done
     */
    public NotMounted(String message) {
        super(message);
    }
}
