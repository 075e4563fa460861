// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * A key of the kernel's cache index: bytes, compared as bytes.
 *
 * <p><strong>Untrusted input.</strong> Keys come from mount options and from inside file system images. They may hold
 * {@code ..}, {@code /}, control characters, or bytes that are no text at all, and arrive as they are. Never use one as
 * a path without a check.
 *
 * <p>Immutable and safe for use by several threads.
 */
public abstract sealed class Key permits VolumeKey, CookieKey {
    private final byte[] bytes;

    Key(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Gives the bytes of the key.
     *
     * @return a new array with the key's bytes, without a terminator
     */
    public final byte[] bytes() {
        return bytes.clone();
    }

    /**
     * Gives the length.
     *
     * @return the number of bytes, from 0 to 255
     */
    public final int length() {
        return bytes.length;
    }

    /**
     * Gives the key as text.
     *
     * @return the text, or empty if the bytes are not valid UTF-8
     */
    public final Optional<String> text() {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    final boolean hasSameBytes(Key other) {
        return Arrays.equals(bytes, other.bytes);
    }

    @Override
    public final int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /**
     * Gives the key in a form that is safe to print: printable ASCII as it is, a backslash doubled, every other byte as
     * {@code \xHH}.
     *
     * @return the text
     */
    @Override
    public final String toString() {
        return printable(bytes);
    }

    static String printable(byte[] bytes) {
        var text = new StringBuilder(bytes.length);
        for (byte b : bytes) {
            if (b == '\\') {
                text.append("\\\\");
            } else if (b >= 0x20 && b < 0x7f) {
                text.append((char) b);
            } else {
                text.append(String.format("\\x%02x", b));
            }
        }
        return text.toString();
    }
}
