// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.util.Arrays;
import java.util.Optional;

/**
 * Where a cache has the file of an object: {@code cache/<volume>/<fan-out>/<file>}, as the kernel makes it of the keys.
 *
 * <p>Whatever the keys hold, each of the three is one plain name: not empty, not {@code .} or {@code ..}, without a slash
 * or NUL, of at most 255 bytes. Keys of which the kernel makes no such name are refused.
 *
 * <p>Immutable and safe for use by several threads.
 *
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">cachefiles_cook_key in
 *      fs/cachefiles/key.c, fscache_hash in fs/netfs/fscache_main.c</a>
 */
public final class ObjectPath {

    /** Longest name of a file or directory, in bytes. */
    public static final int MAX_NAME = 255;

    /** Longest key of an object: a longer one stops the kernel ({@code BUG}) before it has a name for it. */
    public static final int MAX_COOKIE_KEY = 252;

    /** Number of directories in each volume, among which the hash of the keys chooses. */
    static final int FAN_OUT = 256;

    private static final byte VOLUME = 'I';

    private final VolumeKey volume;
    private final CookieKey cookie;
    private final byte[] volumeName;
    private final int fanOut;
    private final String fileName;

    private ObjectPath(VolumeKey volume, CookieKey cookie, byte[] volumeName, String fileName) {
        this.volume = volume;
        this.cookie = cookie;
        this.volumeName = volumeName;
        this.fanOut = KeyHash.ofCookie(volume.bytes(), cookie.bytes()) & (FAN_OUT - 1);
        this.fileName = fileName;
    }

    /**
     * Finds the place of an object.
     *
     * @param volume the key of the volume
     * @param cookie the key of the object
     * @return the place
     * @throws IllegalArgumentException if the kernel has no place for them: the volume's key is empty, longer than 254
     *     bytes, or has a slash or NUL; the object's key is empty or longer than {@value #MAX_COOKIE_KEY} bytes; or its
     *     encoded name is longer than {@value #MAX_NAME} bytes (the kernel cuts it, so that two objects could share a
     *     file)
     */
    public static ObjectPath of(VolumeKey volume, CookieKey cookie) {
        byte[] directory = volumeName(volume);
        if (cookie.length() == 0 || cookie.length() > MAX_COOKIE_KEY) {
            throw new IllegalArgumentException("no cache can have an object with a key of " + cookie.length()
                    + " bytes: it must have from 1 to " + MAX_COOKIE_KEY);
        }
        String file = CookieName.of(cookie.bytes());
        if (file.length() > MAX_NAME) {
            throw new IllegalArgumentException("the object " + cookie + " would have a file name of " + file.length()
                    + " bytes, which the kernel cuts; a key of other than plain characters can have 189 bytes");
        }
        return new ObjectPath(volume, cookie, directory, file);
    }

    /**
     * Finds the directory of a volume.
     *
     * @param volume the key of the volume
     * @return the bytes of its name, in the directory {@code cache}; a new array
     * @throws IllegalArgumentException as in {@link #of}
     */
    public static byte[] volumeName(VolumeKey volume) {
        byte[] key = volume.bytes();
        byte[] name = new byte[key.length + 1];
        if (key.length == 0 || name.length > MAX_NAME) {
            throw new IllegalArgumentException("no cache can have a volume with a key of " + key.length
                    + " bytes: it must have from 1 to " + (MAX_NAME - 1));
        }
        for (byte b : key) {
            if (b == '/' || b == 0) {
                throw new IllegalArgumentException(
                        "no cache can have the volume " + volume + ": it has a slash or NUL");
            }
        }
        name[0] = VOLUME;
        System.arraycopy(key, 0, name, 1, key.length);
        return name;
    }

    /**
     * Finds the volume of a directory.
     *
     * @param name the bytes of the name of a directory in {@code cache}
     * @return the key, or empty if this is not the name of a volume
     */
    public static Optional<VolumeKey> volumeOf(byte[] name) {
        return name.length > 1 && name[0] == VOLUME
                ? Optional.of(VolumeKey.of(Arrays.copyOfRange(name, 1, name.length)))
                : Optional.empty();
    }

    /**
     * Finds the object of a file.
     *
     * @param volume   the key of the volume that the file lies in
     * @param fanOut   the number of the directory that it lies in
     * @param fileName its name
     * @return the key; or empty if the kernel gives no object that name in that place. Keys that differ in NULs at their
     *     ends alone can have one file; the shortest is given then
     */
    public static Optional<CookieKey> cookieOf(VolumeKey volume, int fanOut, String fileName) {
        return CookieName.key(fileName)
                .filter(key -> key.length <= MAX_COOKIE_KEY
                        && (KeyHash.ofCookie(volume.bytes(), key) & (FAN_OUT - 1)) == fanOut)
                .map(CookieKey::of);
    }

    /** The name of a directory of a volume. */
    static String fanOutName(int fanOut) {
        return String.format("@%02x", fanOut);
    }

    /** The number of a directory of a volume, or -1 for any other name. */
    static int fanOutOf(String name) {
        return name.matches("@[0-9a-f]{2}") ? Integer.parseInt(name.substring(1), 16) : -1;
    }

    /**
     * Gives the key of the volume.
     *
     * @return the key
     */
    public VolumeKey volume() {
        return volume;
    }

    /**
     * Gives the key of the object.
     *
     * @return the key
     */
    public CookieKey cookie() {
        return cookie;
    }

    /**
     * Gives the name of the volume's directory.
     *
     * @return the bytes, a new array; untrusted
     */
    public byte[] volumeName() {
        return volumeName.clone();
    }

    /**
     * Gives the number of the directory in the volume.
     *
     * @return a number from 0 to 255
     */
    public int fanOut() {
        return fanOut;
    }

    /**
     * Gives the name of the directory in the volume.
     *
     * @return the name, such as {@code @f7}
     */
    public String fanOutName() {
        return fanOutName(fanOut);
    }

    /**
     * Gives the name of the file.
     *
     * @return the name, of ASCII characters
     */
    public String fileName() {
        return fileName;
    }

    /**
     * Gives the whole path, in a form that is safe to print.
     *
     * @return the text, such as {@code cache/Ierofs,a/@f7/Da}
     */
    @Override
    public String toString() {
        return "cache/I" + volume + "/" + fanOutName() + "/" + CookieKey.of(fileName);
    }
}
