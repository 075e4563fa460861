// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PinsTest {

    @ParameterizedTest
    @CsvSource({
        "base.img, 'erofs,d', base.img, true",
        "base.img, 'erofs,d', base-img, false",
        "base*, 'erofs,d', base.img, true",
        "*, 'erofs,d', a/b, true",
        "d/base.img, 'erofs,d', base.img, true",
        "d/*, 'erofs,d', anything, true",
        "d/*, 'erofs,e', anything, false",
        "sha256-*-x, 'erofs,d', sha256-abc-x, true",
        "sha256-*-x, 'erofs,d', sha256-abc-y, false"
    })
    void a_pattern_fits_a_name_or_a_domain_and_a_name(String pattern, String volume, String name, boolean fits) {
        assertEquals(fits, new Pins(List.of("other", pattern)).test(VolumeKey.of(volume), CookieKey.of(name)));
    }
}
