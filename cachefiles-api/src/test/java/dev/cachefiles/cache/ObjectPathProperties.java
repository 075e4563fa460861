// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.protocol.NameCommand;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;

class ObjectPathProperties {

    /** What tries to leave its directory is more likely than random bytes make it. */
    @Provide
    static Arbitrary<byte[]> keys() {
        Arbitrary<byte[]> hostile = Arbitraries.of(
                        List.of("..", ".", "/", "\0", "\n", "a", "@00", "Ierofs", "../", "\u00fc", " ", "\t", "D", "~"))
                .list()
                .ofMinSize(1)
                .ofMaxSize(20)
                .map(parts -> String.join("", parts).getBytes(StandardCharsets.UTF_8));
        return Arbitraries.oneOf(
                hostile, Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(260));
    }

    @Property(tries = 3000)
    void no_name_leaves_its_directory(@ForAll("keys") byte[] volume, @ForAll("keys") byte[] cookie) {
        ObjectPath path;
        try {
            path = ObjectPath.of(VolumeKey.of(volume), CookieKey.of(cookie));
        } catch (IllegalArgumentException e) {
            return;
        }
        assertPlain(path.volumeName());
        assertPlain(path.fanOutName().getBytes(StandardCharsets.ISO_8859_1));
        assertPlain(path.fileName().getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(path.fileName().chars().allMatch(c -> c > ' ' && c <= '~' + 1), path.fileName());
        assertTrue(path.toString().chars().allMatch(c -> c >= ' ' && c <= '~'), path.toString());
    }

    private static void assertPlain(byte[] name) {
        assertTrue(name.length > 0 && name.length <= 255, "length " + name.length);
        for (byte b : name) {
            assertFalse(b == '/' || b == 0, Arrays.toString(name));
        }
        String text = new String(name, StandardCharsets.ISO_8859_1);
        assertFalse(text.equals(".") || text.equals(".."), text);
    }

    /** Two objects never share a file, unless their keys differ in NULs at the ends alone. */
    @Property(tries = 3000)
    void a_name_tells_its_key(@ForAll("keys") byte[] key) {
        byte[] found = CookieName.key(CookieName.of(key)).orElse(new byte[0]);
        byte[] padded = Arrays.copyOf(found, Math.max(found.length, key.length));
        assertArrayEquals(Arrays.copyOf(key, padded.length), padded);
        if (found.length != key.length) {
            assertTrue(key.length - found.length < 4 && key[key.length - 1] == 0, Arrays.toString(key));
        }
    }

    /** Whatever lies in a directory: if it has a key, that key has this name. */
    @Property(tries = 3000)
    void any_file_name_has_at_most_one_key(@ForAll @StringLength(max = 40) String tail, @ForAll("kinds") String kind) {
        String name = kind + tail;
        Optional<byte[]> key = CookieName.key(name);
        key.ifPresent(bytes -> assertEquals(name, CookieName.of(bytes)));
    }

    @Provide
    static Arbitrary<String> kinds() {
        return Arbitraries.of("D", "S", "T", "E0", "E1", "E2", "");
    }

    /** The kernel drops what follows a newline, and would cull another file. */
    @Property(tries = 3000)
    void a_command_holds_the_whole_name_or_is_refused(@ForAll @Size(max = 260) byte[] name) {
        if (!NameCommand.canName(name)) {
            return;
        }
        byte[] command = NameCommand.cull(name).toArray(ValueLayout.JAVA_BYTE);
        String text = new String(command, StandardCharsets.ISO_8859_1);
        assertEquals("cull " + new String(name, StandardCharsets.ISO_8859_1), text);
        assertTrue(text.indexOf('\n') < 0 && text.indexOf('\0') < 0 && text.indexOf('/') < 0);
        assertTrue(" \t\r\f\u000b\u00a0".indexOf(text.charAt(5)) < 0, text);
    }
}
