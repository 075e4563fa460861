// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import java.io.IOException;

/** A reader or a mount was ended by a signal. */
public final class KilledException extends IOException {
    private static final long serialVersionUID = 1;

    private final int signal;

    /** Makes an exception for a signal's number. */
    public KilledException(int signal) {
        super("killed by signal " + signal);
        this.signal = signal;
    }

    /** The signal's number. */
    public int signal() {
        return signal;
    }
}
