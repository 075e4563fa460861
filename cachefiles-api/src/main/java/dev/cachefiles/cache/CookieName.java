// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * The file names that the kernel makes of cookie keys, {@code cachefiles_cook_key} in fs/cachefiles/key.c, and the way
 * back.
 *
 * <p>A key of printable ASCII without a slash and without a blank is taken as it is. Else the key's 32-bit words are
 * written as hexadecimal numbers, the higher or the lower byte first, or the key is written in base 64, whichever is
 * shortest.
 */
final class CookieName {
    private static final char PLAIN = 'D';
    private static final char WORDS_BIG_ENDIAN = 'S';
    private static final char WORDS_LITTLE_ENDIAN = 'T';
    private static final char BASE64 = 'E';
    private static final String DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
    private static final int HEX = 16;
    private static final int HEX_DIGITS_OF_WORD = 8;
    private static final int BITS_OF_DIGIT = 6;
    private static final int DIGIT_MASK = 63;
    private static final int GROUP = 3;
    private static final int DIGITS_OF_GROUP = 4;

    private CookieName() {}

    /** The name of a key, of any length: names of more than 255 bytes are not names that a file could have. */
    static String of(byte[] key) {
        if (isPlain(key)) {
            return PLAIN + new String(key, StandardCharsets.US_ASCII);
        }
        String big = words(key, ByteOrder.BIG_ENDIAN, WORDS_BIG_ENDIAN);
        String little = words(key, ByteOrder.LITTLE_ENDIAN, WORDS_LITTLE_ENDIAN);
        int base64Length = 2 + (key.length + GROUP - 1) / GROUP * DIGITS_OF_GROUP;
        if (big.length() >= base64Length && little.length() >= base64Length) {
            return base64(key);
        }
        return big.length() <= little.length() ? big : little;
    }

    /** Control characters but DEL are not, nor is anything beyond ASCII. */
    private static boolean isPlain(byte[] key) {
        for (byte b : key) {
            if (b <= ' ' || b == '/') {
                return false;
            }
        }
        return true;
    }

    private static String words(byte[] key, ByteOrder order, char kind) {
        ByteBuffer words = ByteBuffer.wrap(Arrays.copyOf(key, (key.length + Integer.BYTES - 1) & -Integer.BYTES))
                .order(order);
        var name = new StringBuilder();
        while (words.hasRemaining()) {
            name.append(name.isEmpty() ? kind : ',');
            int word = words.getInt();
            if (word != 0) {
                name.append(Integer.toHexString(word));
            }
        }
        return name.toString();
    }

    private static String base64(byte[] key) {
        int groups = (key.length + GROUP - 1) / GROUP;
        var name = new StringBuilder().append(BASE64).append(groups * GROUP - key.length);
        for (int i = 0; i < key.length; i += GROUP) {
            int bits = 0;
            for (int j = Math.min(GROUP, key.length - i) - 1; j >= 0; j--) {
                bits = bits << Byte.SIZE | (key[i + j] & 0xff);
            }
            for (int j = 0; j < DIGITS_OF_GROUP; j++) {
                name.append(DIGITS.charAt(bits & DIGIT_MASK));
                bits >>>= BITS_OF_DIGIT;
            }
        }
        return name.toString();
    }

    /**
     * The key that a name was made of; empty if the kernel makes that name of no key. Of keys that differ in NULs at
     * their ends the shortest, where the name, and so the file, is the same.
     */
    static Optional<byte[]> key(String name) {
        if (name.length() < 2) {
            return Optional.empty();
        }
        try {
            byte[] longest = switch (name.charAt(0)) {
                case PLAIN -> name.substring(1).getBytes(StandardCharsets.ISO_8859_1);
                case WORDS_BIG_ENDIAN -> fromWords(name.substring(1), ByteOrder.BIG_ENDIAN);
                case WORDS_LITTLE_ENDIAN -> fromWords(name.substring(1), ByteOrder.LITTLE_ENDIAN);
                case BASE64 -> fromBase64(name);
                default -> new byte[0];
            };
            return shortest(longest, name);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** One name, one key: what would come out as another name was not made by the kernel. */
    private static Optional<byte[]> shortest(byte[] longest, String name) {
        int end = longest.length;
        while (end > 0 && longest.length - end < Integer.BYTES - 1 && longest[end - 1] == 0) {
            end--;
        }
        for (; end <= longest.length; end++) {
            byte[] key = Arrays.copyOf(longest, end);
            if (end > 0 && of(key).equals(name)) {
                return Optional.of(key);
            }
        }
        return Optional.empty();
    }

    private static byte[] fromWords(String words, ByteOrder order) {
        String[] numbers = words.split(",", -1);
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * numbers.length).order(order);
        for (String number : numbers) {
            if (number.length() > HEX_DIGITS_OF_WORD) {
                throw new NumberFormatException(number);
            }
            bytes.putInt(number.isEmpty() ? 0 : Integer.parseUnsignedInt(number, HEX));
        }
        return bytes.array();
    }

    private static byte[] fromBase64(String name) {
        int pad = name.charAt(1) - '0';
        if (pad < 0 || pad >= GROUP || name.length() % DIGITS_OF_GROUP != 2 || name.length() == 2) {
            throw new IllegalArgumentException(name);
        }
        var bytes = new ByteArrayOutputStream();
        for (int i = 2; i < name.length(); i += DIGITS_OF_GROUP) {
            int bits = 0;
            for (int j = DIGITS_OF_GROUP - 1; j >= 0; j--) {
                int digit = DIGITS.indexOf(name.charAt(i + j));
                if (digit < 0) {
                    throw new IllegalArgumentException(name);
                }
                bits = bits << BITS_OF_DIGIT | digit;
            }
            for (int j = 0; j < GROUP; j++) {
                bytes.write(bits >>> (Byte.SIZE * j));
            }
        }
        return Arrays.copyOf(bytes.toByteArray(), bytes.size() - pad);
    }
}
