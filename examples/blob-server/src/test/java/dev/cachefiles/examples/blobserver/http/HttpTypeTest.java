// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobKey;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpTypeTest {

    private static URI url(String base, String name) throws IOException {
        return new BlobUrls(URI.create(base))
                .of(new BlobKey("domain", ByteBuffer.wrap(name.getBytes(StandardCharsets.UTF_8))));
    }

    @ParameterizedTest
    @CsvSource({
        "image, https://h/a/image",
        "an image, https://h/a/an%20image",
        "a?b#c, https://h/a/a%3Fb%23c",
        "sha256:12, https://h/a/sha256%3A12",
        "'%2e%2e', https://h/a/%252e%252e",
        "\u00fc, https://h/a/%C3%BC",
    })
    void namesAreEncoded(String name, String expected) throws IOException {
        assertEquals(URI.create(expected), url("https://h/a/", name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", ".", "", "a/b", "../x", "/etc/passwd"})
    void namesThatLeadElsewhereAreRefused(String name) {
        assertThrows(AccessDeniedException.class, () -> url("https://h/a/", name));
    }

    @Test
    void aQueryIsKept() throws IOException {
        assertEquals(URI.create("https://h/a/b?t=1"), url("https://h/a/?t=1", "b"));
    }

    @Test
    void aUrlWithoutASlashIsOneBlob() throws IOException {
        assertEquals(URI.create("https://h/a/my%20image"), url("https://h/a/my%20image", "my image"));
        assertThrows(NoSuchFileException.class, () -> url("https://h/a/image", "other"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1", "127.3.2.1", "[::1]"})
    void thisMachineIsKnownByItsAddress(String host) {
        assertTrue(HttpSettings.isLoopback(host));
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.org", "10.0.0.1", "127.0.0.1.example.org", "[::2]", "localhost.example.org"})
    void othersAreNot(String host) {
        assertEquals(false, HttpSettings.isLoopback(host));
    }
}
