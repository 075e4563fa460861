// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyingSourceTest {
    private static final int CHUNK = 1024;

    private final Blob blob = new Blob(10_000);
    private final ChunkDigests digests = compute();

    private ChunkDigests compute() {
        try {
            return ChunkDigests.compute(DigestAlgorithm.SHA_256, CHUNK, new Blob(10_000));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whole_chunks_are_fetched_as_one_range_into_the_memory_of_the_caller() throws IOException {
        blob.assertReads(new VerifyingSource(blob, digests), 2 * CHUNK, 3 * CHUNK);
        assertEquals(List.of("read 2048+3072"), blob.calls);
    }

    @Test
    void the_short_chunk_at_the_end_is_whole() throws IOException {
        blob.assertReads(new VerifyingSource(blob, digests), 9 * CHUNK, 10_000 - 9 * CHUNK);
        assertEquals(List.of("read 9216+784"), blob.calls);
    }

    @Test
    void pieces_of_a_chunk_fetch_it_once() throws IOException {
        BlobSource source = new VerifyingSource(blob, digests);
        for (int at = 0; at < CHUNK; at += 100) {
            blob.assertReads(source, at, Math.min(100, CHUNK - at));
        }
        assertEquals(List.of("read 0+1024"), blob.calls);
    }

    @Test
    void any_range_is_made_of_whole_chunks() throws IOException {
        blob.assertReads(new VerifyingSource(blob, digests), 1000, 4000);
        assertEquals(List.of("read 0+1024", "read 1024+3072", "read 4096+1024"), blob.calls);
    }

    @Test
    void a_wrong_bit_anywhere_in_a_chunk_fails_all_its_pieces() throws IOException {
        blob.bytes[3000] ^= 4;
        BlobSource source = new VerifyingSource(blob, digests);
        for (long at : new long[] {2048, 2060, 3071}) {
            var e = assertThrows(WrongBytesException.class, () -> Blob.read(source, at, 1));
            assertTrue(e.getMessage().contains("from 2048 to 3072"), e.getMessage());
        }
        assertThrows(WrongBytesException.class, () -> Blob.read(source, 1024, 2048));
        new Blob(10_000).assertReads(source, 0, 2048);
    }

    @Test
    void digests_may_come_with_the_first_read_and_their_failure_is_forgotten() throws IOException {
        var asked = new ArrayDeque<ChunkDigests>();
        BlobSource source = new VerifyingSource(blob, CHUNK, () -> {
            if (asked.isEmpty()) {
                throw new TransientException("none yet");
            }
            return asked.remove();
        });
        assertEquals(10_000, source.size());
        assertEquals(CHUNK, source.chunkSize());
        assertThrows(TransientException.class, () -> Blob.read(source, 5, 5));
        asked.add(digests);
        blob.assertReads(source, 5, 5);
        asked.add(ChunkDigests.compute(DigestAlgorithm.SHA_256, CHUNK, new Blob(9_999)));
        assertThrows(WrongBytesException.class, () -> Blob.read(source, 5, 5));
        blob.bytes[3000] ^= 4;
        asked.add(digests);
        assertThrows(WrongBytesException.class, () -> Blob.read(source, 3000, 1));
    }

    @Test
    void digests_that_come_in_pieces_are_those_of_the_whole() throws IOException {
        var learner = new ChunkDigests.Learner(DigestAlgorithm.SHA_256, CHUNK, 10_000);
        MemorySegment all = MemorySegment.ofArray(blob.bytes);
        learner.add(all.asSlice(0, CHUNK));
        assertThrows(IllegalStateException.class, learner::finish);
        learner.add(all.asSlice(CHUNK, 4 * CHUNK));
        learner.add(all.asSlice(5 * CHUNK));
        assertArrayEquals(digests.table(), learner.finish().table());
    }

    @Test
    void a_failed_fetch_is_forgotten() throws IOException {
        BlobSource source = new VerifyingSource(blob, digests);
        blob.failing(new TransientException("busy"));
        assertThrows(TransientException.class, () -> Blob.read(source, 5, 5));
        blob.assertReads(source, 5, 5);
    }

    @Test
    void a_source_of_another_size_is_refused() {
        BlobSource longer = new VerifyingSource(new Blob(10_001), digests);
        var e = assertThrows(WrongBytesException.class, longer::size);
        assertTrue(e.getMessage().contains("10001 bytes, not the 10000"), e.getMessage());
    }

    @Test
    void nothing_can_change_after_it_was_verified() throws IOException {
        blob.viewed = true;
        BlobSource source = new VerifyingSource(blob, digests);
        assertEquals(Optional.empty(), source.view(0, CHUNK));
        assertEquals(CHUNK, source.chunkSize());
        assertThrows(IndexOutOfBoundsException.class, () -> Blob.read(source, 9_999, 2));
    }

    @Test
    void digests_come_from_a_file_as_they_went_in(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("blob.chunks");
        digests.write(file);
        byte[] bytes = Files.readAllBytes(file);
        assertTrue(
                new String(bytes, StandardCharsets.ISO_8859_1).startsWith("cachefiles-chunks 1 sha256 1024 10000\n"));
        blob.assertReads(new VerifyingSource(blob, ChunkDigests.read(file, DigestAlgorithm.SHA_256)), 0, 10_000);
        assertEquals(List.of(file), Blob.files(directory), "nothing is left over");

        Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
        assertThrows(WrongBytesException.class, () -> ChunkDigests.read(file, DigestAlgorithm.SHA_256));
        Files.write(file, new byte[] {1, 2, 3});
        assertThrows(WrongBytesException.class, () -> ChunkDigests.read(file, DigestAlgorithm.SHA_256));
        Files.writeString(file, "cachefiles-chunks 1 sha256 1024 many\n");
        assertThrows(WrongBytesException.class, () -> ChunkDigests.read(file, DigestAlgorithm.SHA_256));
        Files.writeString(file, "cachefiles-chunks 1 md5 1024 10000\n");
        assertThrows(WrongBytesException.class, () -> ChunkDigests.read(file, DigestAlgorithm.SHA_256));
        Files.writeString(file, "cachefiles-chunks 1 sha256 1024 0");
        assertEquals(0, ChunkDigests.read(file, DigestAlgorithm.SHA_256).blobSize());
    }

    @Test
    void a_digest_is_read_as_it_is_written() {
        String text = "sha256:" + "0a".repeat(32);
        Digest digest = Digest.parse(text, DigestAlgorithm.SHA_512, DigestAlgorithm.SHA_256);
        assertEquals(text, digest.toString());
        assertEquals(new Digest(DigestAlgorithm.SHA_256, digest.value()), digest);
        for (String bad : List.of("", ":", "sha256", "sha256:", "sha256:0a", "sha256:" + "0g".repeat(32), "md5:00")) {
            assertThrows(IllegalArgumentException.class, () -> Digest.parse(bad, DigestAlgorithm.SHA_256), bad);
        }
    }
}
