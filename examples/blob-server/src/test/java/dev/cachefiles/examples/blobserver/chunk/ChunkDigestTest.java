// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.chunk;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.WrongBytesException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChunkDigestTest {

    /** What other programs say of "abc". */
    @ParameterizedTest
    @CsvSource({
        "SHA_256, ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "SHA_512_256, 53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
        "BLAKE3, 6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
    })
    void agreesWithOthers(ChunkDigest digest, String expected) {
        assertEquals(expected, digest.of("abc".getBytes(US_ASCII)).toString());
    }

    @Test
    void saysWhatWasExpectedAndWhatWasFound() throws WrongBytesException {
        Hash abc = ChunkDigest.SHA_256.of("abc".getBytes(US_ASCII));
        ChunkDigest.SHA_256.check("abc".getBytes(US_ASCII), abc);
        var failure =
                assertThrows(WrongBytesException.class, () -> ChunkDigest.SHA_256.check("abd".getBytes(US_ASCII), abc));
        assertTrue(failure.getMessage().contains(abc.toString()), failure.getMessage());
        assertTrue(failure.getMessage().contains("a52d159f262b2c6d"), failure.getMessage());
    }
}
