// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.casync;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.chunk.ChunkDigest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ChunkIndexTest {
    private static final byte[] BLOB = blob();
    private static final byte[] FILE =
            IndexFile.of(ChunkDigest.SHA_512_256, BLOB).bytes();

    private static byte[] blob() {
        byte[] blob = new byte[20_000];
        new Random(3).nextBytes(blob);
        return blob;
    }

    @ParameterizedTest
    @EnumSource(names = {"SHA_256", "SHA_512_256"})
    void tellsTheChunksAndHowTheirIdsAreMade(ChunkDigest digest) throws Exception {
        var written = IndexFile.of(digest, BLOB);
        var index = ChunkIndex.parse("a.caibx", written.bytes());
        assertEquals(digest, index.digest());
        assertEquals(BLOB.length, index.size());
        assertEquals(written.chunks().size(), index.count());
        for (int i = 0; i < index.count(); i++) {
            assertEquals(written.chunks().get(i).length, index.length(i));
            assertEquals(digest.of(written.chunks().get(i)), index.id(i));
        }
    }

    @Test
    void findsTheChunkOfEachByte() throws Exception {
        var index = ChunkIndex.parse("a.caibx", FILE);
        for (long offset = 0; offset < index.size(); offset++) {
            int chunk = index.find(offset);
            assertTrue(index.start(chunk) <= offset && offset < index.end(chunk), () -> "byte in chunk " + chunk);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 47, byte 0: 0x2f is not the size of an index",
        "8, 1, byte 8: 0x1 is not the mark of an index",
        "24, 0, byte 24: chunks of at least 0",
        "32, 1001, byte 24: chunks of at least 1",
        "40, 134217729, byte 24: chunks of at least 1",
        "40, -1, byte 24: chunks of at least 1",
        "48, 100, byte 48: 0x64 is not the size of a table",
        "56, 100, byte 56: 0x64 is not the mark of a table",
        "64, 0, byte 64: chunk 0 cannot go from byte 0 to 0",
        "64, 1001, byte 64: chunk 0 cannot go from byte 0 to 1001: chunks have 1 to 1000 bytes",
        "64, -1, byte 64: chunk 0 cannot go from byte 0 to 18446744073709551615",
        "104, 9223372036854775807, byte 104: chunk 1 cannot go from",
    })
    void namesTheByteThatIsWrong(int offset, long value, String message) {
        byte[] file = FILE.clone();
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(offset, value);
        assertWrong(file, "a.caibx, " + message);
    }

    @ParameterizedTest
    @CsvSource({"40, zero", "32, zero", "24, the offset of the table", "16, the size of the table", "8, the mark"})
    void namesWhatIsWrongWithTheTail(int fromEnd, String message) {
        byte[] file = FILE.clone();
        file[file.length - fromEnd] ^= 1;
        assertWrong(file, "a.caibx, byte " + (file.length - fromEnd), message);
    }

    @Test
    void refusesAFileThatIsCutOffAnywhereOrLonger() {
        for (int length = 0; length < FILE.length; length++) {
            assertWrong(Arrays.copyOf(FILE, length), "a.caibx");
        }
        assertWrong(Arrays.copyOf(FILE, FILE.length + 1), "a.caibx");
        assertWrong(Arrays.copyOf(FILE, FILE.length + 40), "a.caibx");
    }

    @Test
    void refusesTheIndexOfADirectory() {
        byte[] file = FILE.clone();
        file[16] = 1;
        var failure = assertThrows(PermanentException.class, () -> ChunkIndex.parse("a.caidx", file));
        assertTrue(failure.getMessage().contains("a directory tree"), failure.getMessage());
    }

    /** Whatever is in a file, it is refused, or all of its chunks are in order and within their limits. */
    @Test
    void neverFailsInAnotherWay() {
        var random = new Random(11);
        int parsed = 0;
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] file = FILE.clone();
            for (int n = 1 + random.nextInt(3); n > 0; n--) {
                file[random.nextInt(file.length)] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                var index = ChunkIndex.parse("a.caibx", file);
                parsed++;
                long end = 0;
                for (int chunk = 0; chunk < index.count(); chunk++) {
                    assertEquals(end, index.start(chunk));
                    assertTrue(index.length(chunk) > 0 && index.length(chunk) <= ChunkIndex.MAX_CHUNK_SIZE);
                    end = index.end(chunk);
                }
                assertEquals(end, index.size());
            } catch (PermanentException e) {
                refused++;
            }
        }
        assertTrue(refused > 100, "only " + refused + " were refused");
        assertTrue(parsed > 100, "only " + parsed + " were not refused: most changes of an id should not be");
    }

    private static void assertWrong(byte[] file, String... messages) {
        var failure = assertThrows(WrongBytesException.class, () -> ChunkIndex.parse("a.caibx", file));
        for (String message : messages) {
            assertTrue(failure.getMessage().contains(message), failure.getMessage());
        }
    }
}
