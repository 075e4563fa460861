// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectPathTest {
    private static final VolumeKey VOLUME = VolumeKey.of("erofs,dom");

    /** Found on disks of Linux 6.1 and 6.12. */
    @ParameterizedTest
    @CsvSource({
        "'erofs,test.img', test.img, @f7, Dtest.img",
        "'erofs,dom1', test.img, @d7, Dtest.img",
        "'erofs,dom1', test2.img, @3f, Dtest2.img",
        "'erofs,dom3', 'a b', @f8, E0x1yo",
        "'erofs,dom3', a/b, @f8, E0xZyo",
        "'erofs,dom3', x\u00fcy, @77, S78c3bc79",
        "'erofs,dom3', a=b, @57, Da=b"
    })
    void is_where_the_kernel_puts_it(String volume, String cookie, String fanOut, String file) {
        ObjectPath path = ObjectPath.of(VolumeKey.of(volume), CookieKey.of(cookie));
        assertEquals(fanOut, path.fanOutName());
        assertEquals(file, path.fileName());
        assertArrayEquals(("I" + volume).getBytes(StandardCharsets.UTF_8), path.volumeName());
        assertEquals(
                Optional.of(CookieKey.of(cookie)), ObjectPath.cookieOf(path.volume(), path.fanOut(), path.fileName()));
        assertEquals(Optional.of(path.volume()), ObjectPath.volumeOf(path.volumeName()));
    }

    @Test
    void a_volume_has_the_hash_that_the_kernel_shows() {
        assertEquals(0xd13a83f4, KeyHash.ofVolume("erofs,test.img".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void words_that_are_zero_are_left_out() {
        assertEquals("S,1", CookieName.of(new byte[] {0, 0, 0, 0, 0, 0, 0, 1}));
        assertEquals("T,1", CookieName.of(new byte[] {0, 0, 0, 0, 1, 0, 0, 0}));
        assertEquals("S", CookieName.of(new byte[4]), "of the same length: the higher byte first");
    }

    @Test
    void bytes_of_all_values_make_a_name_in_base_64() {
        byte[] key = new byte[189];
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) (255 - i);
        }
        String name = CookieName.of(key);
        assertEquals(254, name.length());
        assertArrayEquals(key, CookieName.key(name).orElseThrow());
    }

    @Test
    void keys_without_a_place_are_refused() {
        assertRefused("", "0 bytes");
        assertRefused("n".repeat(253), "253 bytes");
        assertRefused("n".repeat(255), "255 bytes");
        assertEquals(253, place("n".repeat(252)).fileName().length());
        assertRefused("\u00fc".repeat(126), "the kernel cuts");
        assertRefused(" ".repeat(190), "the kernel cuts");
        assertEquals(254, place(" ".repeat(189)).fileName().length());
    }

    private static ObjectPath place(String cookie) {
        return ObjectPath.of(VOLUME, CookieKey.of(cookie));
    }

    private static void assertRefused(String cookie, String why) {
        String message = assertThrows(IllegalArgumentException.class, () -> place(cookie))
                .getMessage();
        assertTrue(message.contains(why), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "erofs,a/b", "/", "a\0b"})
    void volumes_without_a_place_are_refused(String volume) {
        assertThrows(IllegalArgumentException.class, () -> ObjectPath.volumeName(VolumeKey.of(volume)));
    }

    @Test
    void a_volume_has_a_name_of_at_most_255_bytes() {
        assertEquals(255, ObjectPath.volumeName(VolumeKey.of("v".repeat(254))).length);
        assertThrows(IllegalArgumentException.class, () -> ObjectPath.volumeName(VolumeKey.of("v".repeat(255))));
    }

    /** The last has a digit too many, and each other is what no key gives. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "D",
                "X",
                "Da b",
                "Da/b",
                "E3abcd",
                "E0abc",
                "E0ab d",
                "S0",
                "S00000001",
                "T78c3bc79",
                "S123456789"
            })
    void a_name_that_the_kernel_does_not_make_has_no_key(String name) {
        assertEquals(Optional.empty(), CookieName.key(name).map(String::new));
    }

    @Test
    void a_file_in_another_directory_than_its_hash_says_belongs_to_no_object() {
        ObjectPath path = place("a");
        assertEquals(Optional.empty(), ObjectPath.cookieOf(VOLUME, path.fanOut() ^ 1, path.fileName()));
    }

    @Test
    void other_directories_are_no_volumes() {
        assertEquals(Optional.empty(), ObjectPath.volumeOf("I".getBytes(StandardCharsets.UTF_8)));
        assertEquals(Optional.empty(), ObjectPath.volumeOf("lost+found".getBytes(StandardCharsets.UTF_8)));
        assertEquals(-1, ObjectPath.fanOutOf("@FF"));
        assertEquals(-1, ObjectPath.fanOutOf("@100"));
        assertEquals(255, ObjectPath.fanOutOf("@ff"));
    }

    @Test
    void is_printed_without_control_characters() {
        ObjectPath path = ObjectPath.of(VolumeKey.of("erofs,a\nb"), CookieKey.of("c"));
        assertEquals("cache/Ierofs,a\\x0ab/" + path.fanOutName() + "/Dc", path.toString());
    }
}
