// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlobKeyTest {

    @ParameterizedTest
    @ValueSource(strings = {"image.erofs", "a b", "\u00fc", "..x", "sha256:0123", "-o"})
    void a_plain_name_is_a_file_name(String name) {
        assertEquals(
                Optional.of(name), key(name.getBytes(StandardCharsets.UTF_8)).fileName());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "/", "a/b", "../x", "/etc/passwd", "a\0b", "a\nb", "\u007f", "\u0085"})
    void a_name_that_could_leave_the_directory_or_hide_is_none(String name) {
        assertEquals(
                Optional.empty(), key(name.getBytes(StandardCharsets.UTF_8)).fileName());
    }

    @Test
    void bytes_that_are_no_text_are_no_file_name() {
        assertEquals(Optional.empty(), key(new byte[] {'a', (byte) 0xc3}).fileName());
    }

    @Test
    void a_name_longer_than_a_file_name_is_none() {
        assertEquals(Optional.empty(), key(new byte[256]).fileName());
        assertEquals(
                Optional.empty(),
                key("x".repeat(256).getBytes(StandardCharsets.UTF_8)).fileName());
    }

    @Test
    void keys_are_equal_by_bytes_and_do_not_share_a_position() {
        BlobKey key = key(new byte[] {1, 2});
        key.name().get();
        assertEquals(key(new byte[] {1, 2}), key);
        assertEquals("\\x01\\x02", key.printableName());
    }

    private static BlobKey key(byte[] name) {
        return new BlobKey("domain", ByteBuffer.wrap(name));
    }
}
