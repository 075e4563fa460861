// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.mount;

import dev.cachefiles.examples.blobserver.support.Refusal;

/** The kernel has this image mounted, perhaps where it cannot be seen from here, or is just about to be done with that. */
public final class MountedAlready extends Refusal {
    private static final long serialVersionUID = 1;

    MountedAlready(String message) {
        super(message);
    }
}
