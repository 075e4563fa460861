// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import java.io.IOException;
import java.util.Optional;

/**
 * What someone logs in to a registry with.
 *
 * @param header        a header {@code Authorization}, or empty text
 * @param identityToken a token that is exchanged for others, or empty text
 */
record Login(String header, String identityToken) {

    static Login ofHeader(String header) {
        return new Login(header, "");
    }

    boolean isBasic() {
        return header.startsWith("Basic ");
    }

    /** Not the secret. */
    @Override
    public String toString() {
        return isBasic() ? "user and password" : "token";
    }

    /** Where logins come from; asked again whenever the registry asks. */
    @FunctionalInterface
    interface Origin {

        /** Gives the login as it is now; empty for none. */
        Optional<Login> login() throws IOException;
    }
}
