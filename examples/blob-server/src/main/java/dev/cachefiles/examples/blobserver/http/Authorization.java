// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import java.io.IOException;
import java.net.http.HttpHeaders;
import java.util.Optional;

/** Supplies the header {@code Authorization} for one server. Used by several threads at once. */
public interface Authorization {

    /** Sends none. */
    Authorization NONE = new Authorization() {
        @Override
        public Optional<String> header() {
            return Optional.empty();
        }

        @Override
        public boolean renew(HttpHeaders answer, Optional<String> sent) {
            return false;
        }
    };

    /**
     * Gives the header for the next request. May block to find it out.
     *
     * @return the header's value, or empty to send none
     * @throws IOException if it cannot be found out
     */
    Optional<String> header() throws IOException;

    /**
     * Reacts to an answer 401. May block.
     *
     * @param answer the headers of the answer
     * @param sent   what was sent
     * @return whether {@link #header} now gives something else, so that the request should be sent once more
     * @throws IOException if that cannot be found out
     */
    boolean renew(HttpHeaders answer, Optional<String> sent) throws IOException;
}
