// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Digests as registries write them: {@code sha256:} and 64 hexadecimal digits. */
final class Sha256 {
    static final int LENGTH = 32;

    private static final String PREFIX = "sha256:";
    private static final Pattern FORM = Pattern.compile("sha256:[0-9a-f]{64}");

    private Sha256() {}

    static boolean isDigest(String text) {
        return FORM.matcher(text).matches();
    }

    static MessageDigest start() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new LinkageError("SHA-256 is in every JDK", e);
        }
    }

    static String of(byte[] bytes) {
        return text(start().digest(bytes));
    }

    static String text(byte[] digest) {
        return PREFIX + HexFormat.of().formatHex(digest);
    }
}
