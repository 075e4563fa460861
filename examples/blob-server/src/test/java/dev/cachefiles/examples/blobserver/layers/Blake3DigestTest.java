// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.layers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.blob.layer.ChunkDigests;
import dev.cachefiles.blob.layer.CorruptingSource;
import dev.cachefiles.blob.layer.Digest;
import dev.cachefiles.blob.layer.VerifyingSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Blake3DigestTest {
    private final byte[] content = new byte[100_000];

    private BlobSource source() {
        new Random(1).nextBytes(content);
        return new BlobSource() {
            @Override
            public long size() {
                return content.length;
            }

            @Override
            public void read(long offset, MemorySegment target) {
                MemorySegment.copy(content, (int) offset, target, ValueLayout.JAVA_BYTE, 0, (int) target.byteSize());
            }
        };
    }

    /** Of the specification's test vectors, and of b3sum. */
    @ParameterizedTest
    @CsvSource({
        "'', af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
        "abc, 6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
    })
    void it_is_blake3(String text, String hex) {
        var digest = new Blake3Digest();
        for (int repeat = 0; repeat < 2; repeat++) {
            assertEquals(hex, HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8))));
        }
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            digest.update(b);
        }
        assertEquals("blake3:" + hex, new Digest(Blake3Digest.BLAKE3, digest.digest()).toString());
    }

    @Test
    void it_verifies_chunks() throws IOException {
        ChunkDigests digests = ChunkDigests.compute(Blake3Digest.BLAKE3, 4096, source());
        try (Arena arena = Arena.ofConfined();
                BlobSource right = new VerifyingSource(source(), digests);
                BlobSource wrong = new VerifyingSource(new CorruptingSource(source(), 1, 1), digests)) {
            MemorySegment target = arena.allocate(content.length);
            right.read(0, target);
            assertArrayEquals(content, target.toArray(ValueLayout.JAVA_BYTE));
            assertThrows(WrongBytesException.class, () -> wrong.read(0, target));
        }
    }
}
