// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ValuesTest {

    @Test
    void an_errno_has_a_name_and_a_number() {
        assertEquals("ENOENT (2)", Errno.ENOENT.toString());
        assertEquals("errno (4000)", new Errno(4000).toString());
        assertEquals(Errno.EBUSY, Errno.ofResult(-16));
    }

    @Test
    void an_errno_is_never_zero_nor_a_success() {
        assertThrows(IllegalArgumentException.class, () -> new Errno(0));
        assertThrows(IllegalArgumentException.class, () -> new Errno(4096));
        assertThrows(IllegalArgumentException.class, () -> Errno.ofResult(0));
        assertThrows(IllegalArgumentException.class, () -> Errno.ofResult(12));
    }

    @Test
    void ids_are_unsigned() {
        assertEquals("#4294967295", new MessageId(-1).toString());
        assertEquals("o4294967295", ObjectId.CLOSED.toString());
    }

    @Test
    void a_volume_key_gives_its_domain() {
        var key = VolumeKey.of("erofs,my,domain");
        assertEquals(Optional.of("erofs"), key.fileSystem());
        assertEquals(Optional.of("my,domain"), key.domain());
        assertEquals(Optional.empty(), VolumeKey.of("other").domain());
    }

    @Test
    void keys_are_equal_by_bytes_and_kind() {
        assertEquals(CookieKey.of("a"), CookieKey.of(new byte[] {'a'}));
        assertNotEquals(CookieKey.of("a"), CookieKey.of("b"));
        assertNotEquals((Object) CookieKey.of("a"), VolumeKey.of("a"));
    }

    @Test
    void keys_do_not_change_with_the_array_they_were_made_of() {
        byte[] bytes = "abc".getBytes(StandardCharsets.UTF_8);
        var key = CookieKey.of(bytes);
        bytes[0] = 'x';
        key.bytes()[1] = 'x';
        assertEquals(CookieKey.of("abc"), key);
    }

    @Test
    void a_key_prints_without_control_characters() {
        assertEquals("a\\x0ab\\\\\\xc3\\xbc", CookieKey.of("a\nb\\\u00fc").toString());
    }

    @Test
    void an_exception_says_which_thing_and_the_way_out() {
        var exception = new CachefilesException("/dev/cachefiles", Errno.EBUSY, "stop the other one");
        assertEquals("/dev/cachefiles: EBUSY (16): stop the other one", exception.getMessage());
        assertEquals(Errno.EBUSY, exception.errno());
        assertEquals("/dev/cachefiles", exception.subject());
        assertEquals(Optional.of("stop the other one"), exception.cure());
        assertEquals(Optional.empty(), new CachefilesException("x", Errno.EIO).cure());
    }
}
