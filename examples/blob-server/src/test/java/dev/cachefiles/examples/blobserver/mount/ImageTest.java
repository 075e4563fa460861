// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.examples.blobserver.support.Refusal;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageTest {

    @Test
    void namesAllBlobsInTheOptions() throws Refusal {
        Image image = Image.of("a/b", Optional.of("d"), List.of("one", "two"));
        assertEquals("ro,fsid=a/b,domain_id=d,device=one,device=two", image.options());
        assertEquals("d", image.keyDomain());
        assertEquals(List.of("a/b", "one", "two"), image.blobs());
        assertEquals("alone", Image.of("alone", Optional.empty(), List.of()).keyDomain());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a,rw", "a\nb", "a\0"})
    void refusesNamesThatWouldBeOtherOptions(String name) {
        assertThrows(Refusal.class, () -> Image.of(name, Optional.empty(), List.of()));
        assertThrows(Refusal.class, () -> Image.of("a", Optional.of(name), List.of()));
        assertThrows(Refusal.class, () -> Image.of("a", Optional.empty(), List.of(name)));
    }

    @Test
    void refusesNamesThatLinuxCannotStand() throws Refusal {
        Image.of("x".repeat(248), Optional.empty(), List.of());
        assertThrows(Refusal.class, () -> Image.of("x".repeat(249), Optional.empty(), List.of()));
        Image.of("x".repeat(252), Optional.of("d"), List.of());
        assertThrows(Refusal.class, () -> Image.of("x".repeat(253), Optional.of("d"), List.of()));
        assertThrows(Refusal.class, () -> Image.of("\u20ac".repeat(85), Optional.of("d"), List.of()));
        assertThrows(Refusal.class, () -> Image.of("a", Optional.empty(), List.of("x".repeat(253))));
        assertThrows(Refusal.class, () -> Image.of("a/b", Optional.empty(), List.of()));
    }
}
