// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Objects;

/** A digest of bytes, such as {@code sha256:5feceb66...}. Immutable and safe for use by several threads. */
public final class Digest {
    private final DigestAlgorithm algorithm;
    private final byte[] value;

    /**
     * Makes a digest from what was computed elsewhere.
     *
     * @param algorithm how it was computed
     * @param value     its bytes, which are copied
     * @throws IllegalArgumentException if the algorithm's digests have another length
     */
    public Digest(DigestAlgorithm algorithm, byte[] value) {
        this.algorithm = Objects.requireNonNull(algorithm, "algorithm");
        this.value = value.clone();
        int length = algorithm.newDigest().getDigestLength();
        if (value.length != length) {
            throw new IllegalArgumentException(
                    "a digest " + algorithm.name() + " has " + length + " bytes, not " + value.length);
        }
    }

    /**
     * Reads a digest in its usual form.
     *
     * @param text       a name, a colon and hexadecimal digits
     * @param algorithms the algorithms that are known
     * @return the digest
     * @throws IllegalArgumentException if the text has another form, or the algorithm is none of those
     */
    public static Digest parse(String text, DigestAlgorithm... algorithms) {
        int colon = text.indexOf(':');
        for (DigestAlgorithm known : algorithms) {
            if (colon > 0 && known.name().equals(text.substring(0, colon).toLowerCase(Locale.ROOT))) {
                return new Digest(known, HexFormat.of().parseHex(text, colon + 1, text.length()));
            }
        }
        throw new IllegalArgumentException("\"" + text + "\" is no digest of "
                + Arrays.stream(algorithms).map(DigestAlgorithm::name).toList());
    }

    /**
     * Gives the way it was computed.
     *
     * @return the algorithm
     */
    public DigestAlgorithm algorithm() {
        return algorithm;
    }

    /**
     * Gives the bytes.
     *
     * @return a copy
     */
    public byte[] value() {
        return value.clone();
    }

    boolean matches(byte[] computed) {
        return MessageDigest.isEqual(value, computed);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Digest d
                && d.algorithm.name().equals(algorithm.name())
                && Arrays.equals(d.value, value);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(value);
    }

    /**
     * Gives the usual form.
     *
     * @return the name, a colon and the bytes as hexadecimal digits
     */
    @Override
    public String toString() {
        return algorithm.name() + ":" + HexFormat.of().formatHex(value);
    }
}
