// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.chunk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import dev.cachefiles.blob.WrongBytesException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import net.jpountz.lz4.LZ4Factory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CodecTest {
    private static final byte[] BYTES = bytes();

    @ParameterizedTest
    @EnumSource(Codec.class)
    void unpacksWhatWasPacked(Codec codec) throws IOException {
        assertArrayEquals(BYTES, codec.unpack(pack(codec), BYTES.length));
    }

    @ParameterizedTest
    @EnumSource(Codec.class)
    void refusesWhatHasAnotherSize(Codec codec) throws IOException {
        byte[] packed = pack(codec);
        assertThrows(WrongBytesException.class, () -> codec.unpack(packed, BYTES.length - 1));
        assertThrows(WrongBytesException.class, () -> codec.unpack(packed, BYTES.length + 1));
        assertThrows(WrongBytesException.class, () -> codec.unpack(packed, 0));
    }

    @ParameterizedTest
    @EnumSource(Codec.class)
    void refusesWhatIsCutOff(Codec codec) throws IOException {
        byte[] packed = pack(codec);
        for (int length : new int[] {0, 1, 10, packed.length / 2, packed.length - 1}) {
            byte[] cut = Arrays.copyOf(packed, length);
            assertThrows(WrongBytesException.class, () -> codec.unpack(cut, BYTES.length));
        }
    }

    @ParameterizedTest
    @EnumSource(Codec.class)
    void neverFailsInAnotherWayWhateverItIsGiven(Codec codec) throws IOException {
        var random = new Random(7);
        byte[] packed = pack(codec);
        int refused = 0;
        for (int i = 0; i < 500; i++) {
            byte[] damaged = packed.clone();
            for (int n = 1 + random.nextInt(4); n > 0; n--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            try {
                codec.unpack(damaged, BYTES.length);
            } catch (WrongBytesException e) {
                refused++;
            }
        }
        assertTrue(codec == Codec.NONE || refused > 0, "none was refused");
    }

    private static byte[] bytes() {
        byte[] bytes = new byte[10_000];
        new Random(1).nextBytes(bytes);
        Arrays.fill(bytes, 2000, 8000, (byte) 'x');
        return bytes;
    }

    private static byte[] pack(Codec codec) throws IOException {
        return switch (codec) {
            case NONE -> BYTES.clone();
            case LZ4_BLOCK -> LZ4Factory.safeInstance().fastCompressor().compress(BYTES);
            case ZSTD -> Zstd.compress(BYTES);
            case GZIP -> {
                var packed = new ByteArrayOutputStream();
                try (var gzip = new GZIPOutputStream(packed)) {
                    gzip.write(BYTES);
                }
                yield packed.toByteArray();
            }
        };
    }
}
