// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The key of a volume, the group of objects that share a directory of the cache.
 *
 * <p>EROFS sends {@code erofs,<domain_id>} where the mount has the option {@code domain_id}, else
 * {@code erofs,<fsid>}.
 *
 * @see <a href="https://docs.kernel.org/filesystems/erofs.html">mount options fsid and domain_id;
 *      erofs_fscache_register_volume in fs/erofs/fscache.c, Linux 5.19</a>
 */
public final class VolumeKey extends Key {

    private VolumeKey(byte[] bytes) {
        super(bytes);
    }

    /**
     * Makes a key of bytes.
     *
     * @param bytes the bytes, without a terminator; copied
     * @return the key
     */
    public static VolumeKey of(byte[] bytes) {
        return new VolumeKey(bytes.clone());
    }

    /**
     * Makes a key of text.
     *
     * @param text the text, taken as UTF-8
     * @return the key
     */
    public static VolumeKey of(String text) {
        return new VolumeKey(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Gives the file system that made the volume: what stands before the first comma.
     *
     * @return the name, such as {@code erofs}, or empty if there is no comma or the key is not text
     */
    public Optional<String> fileSystem() {
        return text().filter(t -> t.indexOf(',') >= 0).map(t -> t.substring(0, t.indexOf(',')));
    }

    /**
     * Gives what stands after the first comma: the domain where the mount named one, else the fsid.
     *
     * @return the domain or fsid, or empty if there is no comma or the key is not text
     */
    public Optional<String> domain() {
        return text().filter(t -> t.indexOf(',') >= 0).map(t -> t.substring(t.indexOf(',') + 1));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof VolumeKey key && hasSameBytes(key);
    }
}
