// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.CookieKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** The name of a blob's file, {@code cachefiles_cook_key} in fs/cachefiles/key.c. */
final class CacheFileName {

    /** {@code NAME_MAX}. */
    static final int MOST = 255;

    private CacheFileName() {}

    /** How long the name is: keys of other than plain characters become longer by their encoding. */
    static int length(CookieKey cookie) {
        byte[] key = cookie.bytes();
        if (isPlain(key)) {
            return 1 + key.length;
        }
        int base64 = 2 + (key.length + 2) / 3 * 4;
        int hex = Math.min(hexLength(key, ByteOrder.BIG_ENDIAN), hexLength(key, ByteOrder.LITTLE_ENDIAN));
        return Math.min(hex, base64);
    }

    private static boolean isPlain(byte[] key) {
        for (byte b : key) {
            if (b <= ' ' || b == '/') {
                return false;
            }
        }
        return true;
    }

    /** Each four bytes, padded with zeros, are a number after a separator; none is written for 0. */
    private static int hexLength(byte[] key, ByteOrder order) {
        ByteBuffer words =
                ByteBuffer.wrap(Arrays.copyOf(key, (key.length + 3) / 4 * 4)).order(order);
        int length = 0;
        while (words.hasRemaining()) {
            length += 1 + (Integer.SIZE - Integer.numberOfLeadingZeros(words.getInt()) + 3) / 4;
        }
        return length;
    }
}
