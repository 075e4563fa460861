// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The name of a blob and of the domain that it belongs to.
 *
 * <p><strong>Untrusted input</strong>: both come from mount options and from inside images.
 *
 * @param domain the domain, or what stands for it
 * @param name   the bytes of the blob's name
 */
public record BlobKey(String domain, ByteBuffer name) {

    /** Copies the name. */
    public BlobKey {
        byte[] copy = new byte[name.remaining()];
        name.get(name.position(), copy);
        name = ByteBuffer.wrap(copy).asReadOnlyBuffer();
    }

    /**
     * Gives the bytes of the name.
     *
     * @return a read-only buffer with a position of its own
     */
    @Override
    public ByteBuffer name() {
        return name.duplicate();
    }

    /**
     * Gives the name as one that is safe to use for a file in a directory.
     *
     * @return the name; or empty if it is not UTF-8, is empty, {@code .} or {@code ..}, is longer than 255 bytes, or
     *     holds a slash, a NUL or another control character
     */
    public Optional<String> fileName() {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(name()).toString();
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
        boolean plain = !text.isEmpty()
                && !text.equals(".")
                && !text.equals("..")
                && name.remaining() <= 255
                && text.indexOf('/') < 0
                && text.chars().noneMatch(Character::isISOControl);
        return plain ? Optional.of(text) : Optional.empty();
    }

    /**
     * Gives the name in a form that is safe to print: printable ASCII as it is, a backslash doubled, every other byte as
     * {@code \xHH}.
     *
     * @return the text
     */
    public String printableName() {
        var text = new StringBuilder();
        for (int i = 0; i < name.remaining(); i++) {
            byte b = name.get(i);
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
