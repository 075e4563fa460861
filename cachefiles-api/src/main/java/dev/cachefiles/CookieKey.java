// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The key of an object in its volume: the name of the blob.
 *
 * <p>EROFS sends the fsid for the primary blob, and for each extra device the string of {@code -o device=}, or the tag
 * in the image's device table if the option is absent.
 *
 * @see <a href="https://docs.kernel.org/filesystems/erofs.html">mount options fsid and device;
 *      erofs_fscache_acquire_cookie in fs/erofs/fscache.c, Linux 5.19</a>
 */
public final class CookieKey extends Key {

    private CookieKey(byte[] bytes) {
        super(bytes);
    }

    /**
     * Makes a key of bytes.
     *
     * @param bytes the bytes; copied
     * @return the key
     */
    public static CookieKey of(byte[] bytes) {
        return new CookieKey(bytes.clone());
    }

    /**
     * Makes a key of text.
     *
     * @param text the text, taken as UTF-8
     * @return the key
     */
    public static CookieKey of(String text) {
        return new CookieKey(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CookieKey key && hasSameBytes(key);
    }
}
