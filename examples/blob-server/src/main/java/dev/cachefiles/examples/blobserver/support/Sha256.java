// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.support;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Digests as registries write them: {@code sha256:} and 64 hexadecimal digits. */
public final class Sha256 {

    /** Bytes in a digest. */
    public static final int LENGTH = 32;

    private static final String PREFIX = "sha256:";
    private static final Pattern FORM = Pattern.compile("sha256:[0-9a-f]{64}");

    private Sha256() {}

    /**
     * Tells whether a text has the form of a digest.
     *
     * @param text any text
     * @return whether it is so
     */
    public static boolean isDigest(String text) {
        return FORM.matcher(text).matches();
    }

    /**
     * Begins to compute a digest.
     *
     * @return takes the bytes
     */
    public static MessageDigest start() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new LinkageError("SHA-256 is in every JDK", e);
        }
    }

    /**
     * Computes a digest.
     *
     * @param bytes the bytes
     * @return the digest as text
     */
    public static String of(byte[] bytes) {
        return text(start().digest(bytes));
    }

    /**
     * Writes a digest as text.
     *
     * @param digest its bytes
     * @return the text
     */
    public static String text(byte[] digest) {
        return PREFIX + HexFormat.of().formatHex(digest);
    }
}
