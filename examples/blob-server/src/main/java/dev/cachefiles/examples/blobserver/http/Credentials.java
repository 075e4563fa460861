// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import dev.cachefiles.blob.PermanentException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;

/** Turns what people write into a file, or a program prints, into the header {@code Authorization}. */
public final class Credentials {
    private static final String BEARER = "bearer ";

    private Credentials() {}

    /**
     * Reads credentials.
     *
     * @param text  {@code user:password} or {@code Bearer TOKEN}, with white space around it
     * @param origin where it comes from, for messages; the text itself is never shown
     */
    static String header(String text, String origin) throws PermanentException {
        String line = text.strip();
        if (line.isEmpty()) {
            throw new PermanentException(origin + ": is empty; wanted is 'user:password' or 'Bearer TOKEN'");
        }
        if (line.chars().anyMatch(Character::isISOControl)) {
            throw new PermanentException(origin + ": has several lines, or control characters; wanted is one line,"
                    + " 'user:password' or 'Bearer TOKEN'");
        }
        if (line.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
            return "Bearer " + line.substring(BEARER.length()).strip();
        }
        if (line.indexOf(':') < 0) {
            throw new PermanentException(origin + ": is neither 'user:password' nor 'Bearer TOKEN'");
        }
        return basic(line);
    }

    /**
     * Makes the header of basic authentication.
     *
     * @param userAndPassword the two with a colon between them
     * @return the value of {@code Authorization}
     */
    public static String basic(String userAndPassword) {
        return "Basic " + Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8));
    }
}
