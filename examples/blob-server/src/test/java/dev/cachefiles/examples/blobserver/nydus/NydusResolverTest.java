// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.chunk.ChunkDigest;
import dev.cachefiles.examples.blobserver.chunk.Codec;
import dev.cachefiles.examples.blobserver.chunk.SourceBytes;
import dev.cachefiles.examples.blobserver.sources.DirectoryResolver;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NydusResolverTest {
    private static final Integer[] ALL = {0, 1, 2, 3, 4};

    @TempDir
    private Path directory;

    private final RafsFiles files = new RafsFiles(Codec.ZSTD, ChunkDigest.BLAKE3);

    private NydusResolver resolver() throws IOException {
        var resolver = new DirectoryResolver(directory);
        return new NydusResolver(
                resolver, resolver, new Bootstraps(resolver, new DirectoryBootstraps(directory)), 1 << 20);
    }

    private static BlobKey key(String domain, String name) {
        return new BlobKey(domain, StandardCharsets.UTF_8.encode(name));
    }

    private BlobSource blob() throws IOException {
        return resolver().resolve(key("d", RafsFiles.ID));
    }

    private void write(String name, byte[] bytes) throws IOException {
        Files.write(directory.resolve(name), bytes);
    }

    @ParameterizedTest
    @CsvSource({"NONE, BLAKE3", "LZ4_BLOCK, SHA_256", "ZSTD, BLAKE3", "ZSTD, SHA_256"})
    void givesABootstrapAsItIsAndItsBlobUnpacked(Codec codec, ChunkDigest digest) throws IOException {
        var written = new RafsFiles(codec, digest);
        write("image.boot", written.bootstrap(ALL));
        write(RafsFiles.ID, written.stored());
        try (BlobSource bootstrap = resolver().resolve(key("image.boot", "image.boot"))) {
            assertArrayEquals(
                    written.bootstrap(ALL), SourceBytes.read(bootstrap, 0, Math.toIntExact(bootstrap.size())));
        }
        byte[] expected = written.unpacked();
        try (BlobSource blob = resolver().resolve(key("image.boot", RafsFiles.ID))) {
            assertEquals(expected.length, blob.size());
            assertArrayEquals(expected, SourceBytes.read(blob, 0, expected.length));
            var random = new Random(1);
            for (int i = 0; i < 200; i++) {
                int offset = random.nextInt(expected.length);
                int length = 1 + random.nextInt(expected.length - offset);
                assertArrayEquals(
                        Arrays.copyOfRange(expected, offset, offset + length), SourceBytes.read(blob, offset, length));
            }
        }
    }

    @Test
    void refusesADamagedChunkAloneUntilItIsRepaired() throws IOException {
        write("image.boot", files.bootstrap(ALL));
        byte[] damaged = files.stored();
        damaged[files.storedOffset(3) + 20] ^= 1;
        write(RafsFiles.ID, damaged);
        int chunk = (int) files.offset(3);
        try (BlobSource blob = blob()) {
            assertThrows(WrongBytesException.class, () -> SourceBytes.read(blob, chunk + 5000, 1));
            assertArrayEquals(Arrays.copyOf(files.unpacked(), chunk), SourceBytes.read(blob, 0, chunk));
            write(RafsFiles.ID, files.stored());
            assertArrayEquals(
                    Arrays.copyOfRange(files.unpacked(), chunk, chunk + 65_536), SourceBytes.read(blob, chunk, 65_536));
        }
    }

    @Test
    void namesABlobByAllThatIsInIt() throws IOException {
        write("image.boot", files.bootstrap(ALL));
        String identity;
        try (BlobSource blob = blob()) {
            identity = blob.identity();
            assertTrue(identity.startsWith("nydus:" + RafsFiles.ID + ":"), identity);
        }
        byte[] other = files.bootstrap(ALL);
        other[RafsFiles.CHUNK_TABLE] ^= 1;
        write("image.boot", other);
        try (BlobSource blob = blob()) {
            assertNotEquals(identity, blob.identity());
        }
    }

    @Test
    void refusesABlobThatIsCutOff() throws IOException {
        write("image.boot", files.bootstrap(ALL));
        write(RafsFiles.ID, Arrays.copyOf(files.stored(), files.stored().length - 1));
        try (BlobSource blob = blob()) {
            assertThrows(WrongBytesException.class, () -> SourceBytes.read(blob, files.offset(4), 1));
            assertEquals(1, SourceBytes.read(blob, 0, 1)[0]);
        }
    }

    @Test
    void canBeMountedWhileTheBlobIsMissing() throws IOException {
        write("image.boot", files.bootstrap(ALL));
        try (BlobSource blob = blob()) {
            assertEquals(files.unpacked().length, blob.size());
            assertThrows(NoSuchFileException.class, () -> SourceBytes.read(blob, 0, 1));
            write(RafsFiles.ID, files.stored());
            assertEquals(1, SourceBytes.read(blob, 0, 1)[0]);
        }
    }

    @Test
    void knowsTheChunksOfAllImagesInADomain() throws IOException {
        write("one.boot", files.bootstrap(0, 1));
        write("two.boot", files.bootstrap(3, 4));
        write(RafsFiles.ID, files.stored());
        try (BlobSource blob = blob()) {
            assertEquals(0, blob.largestFill());
            assertEquals("", blob.identity());
            assertEquals(8192, SourceBytes.read(blob, 0, 8192).length);
            assertEquals(65_536, SourceBytes.read(blob, files.offset(3), 65_536).length);
            assertThrows(PermanentException.class, () -> SourceBytes.read(blob, files.offset(2), 1));
        }
        try (BlobSource blob = resolver().resolve(key("one.boot", RafsFiles.ID))) {
            assertThrows(PermanentException.class, () -> SourceBytes.read(blob, files.offset(3), 1));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void learnsFromTheBlobWhichChunksThereAre(boolean secondVersion) throws IOException {
        files.withContents(secondVersion);
        write("image.boot", files.bootstrap(1));
        write(RafsFiles.ID, files.stored());
        try (BlobSource blob = blob()) {
            assertArrayEquals(files.unpacked(), SourceBytes.read(blob, 0, files.unpacked().length));
            assertEquals(Long.MAX_VALUE, blob.largestFill());
        }
    }

    /** Each byte behind the chunks that is damaged is noticed, or has no effect. */
    @Test
    void believesNoTableThatTheBootstrapDoesNotVouchFor() throws IOException {
        int chunks = files.stored().length;
        files.withContents(false);
        byte[] whole = files.stored();
        write("image.boot", files.bootstrap(1));
        for (int at = chunks; at < whole.length; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 1;
            write(RafsFiles.ID, damaged);
            try (BlobSource blob = blob()) {
                assertThrows(WrongBytesException.class, () -> SourceBytes.read(blob, 0, 1));
            }
        }
    }

    @Test
    void handsOutNothingThatIsNoImage() throws IOException {
        write("other", new byte[5000]);
        write(RafsFiles.ID, files.stored());
        assertThrows(AccessDeniedException.class, () -> resolver().resolve(key("d", "other")));
        assertThrows(AccessDeniedException.class, this::blob);
        assertThrows(NoSuchFileException.class, () -> resolver().resolve(key("d", "missing")));
        assertThrows(AccessDeniedException.class, () -> resolver().resolve(key("d", "../other")));
    }

    @ParameterizedTest
    @CsvSource({
        "8, zran",
        "64, tarfs",
        "128, batches",
        "256, encrypted",
        "16, kept apart",
    })
    void saysWhatItDoesNotServe(int feature, String said) throws IOException {
        byte[] image = files.bootstrap(ALL);
        image[RafsFiles.BLOB_TABLE + 84] |= (byte) (feature & 0xff);
        image[RafsFiles.BLOB_TABLE + 85] |= (byte) (feature >> 8);
        write("image.boot", image);
        var failure = assertThrows(PermanentException.class, () -> resolver().resolve(key("image.boot", "image.boot")));
        assertTrue(failure.getMessage().contains(said), failure.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "1036, 9, byte 1036: blocks of 2^9",
        "1110, 2, byte 1110: there are 2 devices for 1 blobs",
        "1112, 4096, byte 1112: the device table",
        "1160, 1048576, byte 1160: the blob table",
        "1168, 255, byte 1168: 255 cannot be the size of the blob table",
        "1176, 1048576, byte 1176: the chunk table",
        "1184, 81, byte 1184: 81 cannot be the size of the chunk table",
        "1408, 88, byte 1408: device 1 is not the blob",
        "1472, 500, byte 1472: device 1 has 500 blocks",
        "4160, 1, byte 4160: blob 0 says that it is blob 1",
        "4164, 65537, byte 4164: 65537 cannot be the size of chunks",
        "4168, 16777217, byte 4168: 16777217 cannot be the number of chunks",
        "4172, 4, byte 4172: 4 is no compression",
        "4176, 2, byte 4176: 2 is no digest",
        "8224, 1, byte 8224: a chunk is of blob 1",
        "8228, 64, byte 8228: a chunk has the flags 0x40",
    })
    void namesTheByteOfABootstrapThatIsWrong(int offset, int value, String message) throws IOException {
        byte[] image = files.bootstrap(ALL);
        if (offset == 1036 || offset == 1408) {
            image[offset] = (byte) value;
        } else if (offset == 1110 || offset == 1112) {
            Format.littleEndian(image).putShort(offset, (short) value);
        } else {
            Format.littleEndian(image).putInt(offset, value);
        }
        write("image.boot", image);
        var failure = assertThrows(IOException.class, () -> resolver().resolve(key("image.boot", "image.boot")));
        assertTrue(failure.getMessage().contains("image.boot, " + message), failure.getMessage());
    }

    /** Whatever is in a bootstrap: the right bytes come out, or an IOException. */
    @Test
    void neverGivesWrongBytesForADamagedTable() throws IOException {
        var random = new Random(17);
        write(RafsFiles.ID, files.stored());
        int right = 0;
        for (int i = 0; i < 1500; i++) {
            byte[] image = files.bootstrap(ALL);
            int table = random.nextBoolean() ? RafsFiles.CHUNK_TABLE : RafsFiles.BLOB_TABLE;
            int at = table + random.nextInt(table == RafsFiles.CHUNK_TABLE ? 400 : 256);
            image[at] ^= (byte) (1 << random.nextInt(8));
            write("image.boot", image);
            try (BlobSource blob = resolver().resolve(key("image.boot", RafsFiles.ID))) {
                int size = Math.toIntExact(Math.min(blob.size(), files.unpacked().length));
                assertArrayEquals(Arrays.copyOf(files.unpacked(), size), SourceBytes.read(blob, 0, size));
                right++;
            } catch (IOException e) {
                assertTrue(e.getMessage() != null);
            }
        }
        assertTrue(
                right > 50, "only " + right + " were served: some bits, as those of the file's offset, do not matter");
    }
}
