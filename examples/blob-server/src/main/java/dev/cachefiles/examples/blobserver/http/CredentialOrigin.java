// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import java.io.IOException;

/** Where credentials come from. Used by several threads at once. */
@FunctionalInterface
public interface CredentialOrigin {

    /**
     * Asks for the credentials as they are now. May block.
     *
     * @return the value of the header {@code Authorization}
     * @throws dev.cachefiles.blob.PermanentException if there are none, or they have another form than they should
     * @throws IOException                            if they cannot be asked for
     */
    String header() throws IOException;
}
