// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A way to compute digests: SHA-256 of the JDK, or any other that comes as a {@link MessageDigest}. The example
 * {@code blob-server} has BLAKE3 in this way.
 *
 * <p>Immutable and safe for use by several threads.
 *
 * @param name    the name as in front of a digest, such as {@code sha256}: small letters and digits
 * @param factory makes a new computation at each call
 */
public record DigestAlgorithm(String name, Supplier<? extends MessageDigest> factory) {

    /** SHA-256, {@code sha256}. */
    public static final DigestAlgorithm SHA_256 = ofJdk("sha256", "SHA-256");

    /** SHA-512, {@code sha512}. */
    public static final DigestAlgorithm SHA_512 = ofJdk("sha512", "SHA-512");

    /**
     * Checks the name.
     *
     * @throws IllegalArgumentException if it has other characters than small letters and digits, or none
     */
    public DigestAlgorithm {
        Objects.requireNonNull(factory, "factory");
        if (!name.matches("[a-z0-9]{1,32}")) {
            throw new IllegalArgumentException(
                    "\"" + name + "\" is no name of a digest: 1 to 32 small letters and digits");
        }
    }

    /** Makes a new computation. */
    MessageDigest newDigest() {
        return factory.get();
    }

    private static DigestAlgorithm ofJdk(String name, String jdkName) {
        return new DigestAlgorithm(name, () -> {
            try {
                return MessageDigest.getInstance(jdkName);
            } catch (NoSuchAlgorithmException e) {
                throw new LinkageError(jdkName + " is in every JDK", e);
            }
        });
    }
}
