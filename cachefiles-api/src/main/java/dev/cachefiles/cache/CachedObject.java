// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A file in a cache, as it was when it was looked at.
 *
 * @param volume         the key of its volume; untrusted
 * @param cookie         the key of the object; untrusted. Empty if the kernel gives no object that name: then it will
 *     never be used
 * @param fanOut         the number of the directory that it lies in
 * @param fileName       its name
 * @param size           bytes of the object, as the kernel was told; empty if it was not looked up, or is not known
 * @param allocatedBytes bytes that it takes on the disk
 * @param lastUsed       when the kernel opened it last, as far as the file system keeps that: with the mount option
 *     {@code relatime}, which is common, to within a day
 */
public record CachedObject(
        VolumeKey volume,
        Optional<CookieKey> cookie,
        int fanOut,
        String fileName,
        OptionalLong size,
        long allocatedBytes,
        Instant lastUsed) {

    /**
     * Gives the keys, in a form that is safe to print.
     *
     * @return the text, such as {@code erofs,dom/layer.img}
     */
    @Override
    public String toString() {
        return volume + "/" + cookie.map(CookieKey::toString).orElseGet(() -> "?" + CookieKey.of(fileName));
    }
}
