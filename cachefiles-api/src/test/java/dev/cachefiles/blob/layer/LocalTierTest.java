// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalTierTest {
    private static final int CHUNK = 1024;
    private static final int KEPT = CHUNK + 32;

    @TempDir
    private Path directory;

    private final Blob blob = new Blob(10_000);

    @BeforeEach
    void name() {
        blob.identity = "sha256:blob";
    }

    private LocalTier open(long maxBytes) throws IOException {
        return LocalTier.open(directory.resolve("tier"), maxBytes, CHUNK);
    }

    private List<Path> chunks() throws IOException {
        try (Stream<Path> files = Files.walk(directory.resolve("tier"))) {
            return files.filter(file -> Files.isRegularFile(file) && !file.endsWith("lock"))
                    .toList();
        }
    }

    @Test
    void what_was_fetched_is_not_fetched_again_also_after_a_restart() throws IOException {
        try (LocalTier tier = open(1 << 20);
                BlobSource source = tier.over(blob)) {
            blob.assertReads(source, 1000, 3000);
            assertEquals(List.of("size", "read 0+1024", "read 1024+2048", "read 3072+1024"), blob.calls);
            blob.assertReads(source, 0, 4 * CHUNK);
        }
        try (LocalTier tier = open(1 << 20);
                BlobSource source = tier.over(blob)) {
            blob.assertReads(source, 0, 4 * CHUNK);
            assertEquals(3, blob.reads());
            assertEquals(4, tier.snapshot().hits());
            assertEquals(4L * KEPT, tier.snapshot().bytes());
        }
    }

    @Test
    void what_is_missing_side_by_side_is_fetched_as_one_range() throws IOException {
        try (LocalTier tier = open(1 << 20);
                BlobSource source = tier.over(blob)) {
            blob.assertReads(source, 2 * CHUNK, CHUNK);
            blob.calls.clear();
            blob.assertReads(source, 0, 10_000);
            assertEquals(List.of("read 0+2048", "read 3072+6928"), blob.calls);
            blob.assertReads(source, 9 * CHUNK, 10_000 - 9 * CHUNK);
            assertEquals(2, blob.reads(), "the short chunk at the end is kept too");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 500, CHUNK - 1, CHUNK, CHUNK + 31})
    void a_chunk_that_has_changed_on_disk_is_fetched_again(int at) throws IOException {
        try (LocalTier tier = open(1 << 20);
                BlobSource source = tier.over(blob)) {
            blob.assertReads(source, 0, CHUNK);
            byte[] kept = Files.readAllBytes(chunks().getFirst());
            kept[at] ^= 1;
            Files.write(chunks().getFirst(), kept);
            blob.assertReads(source, 0, CHUNK);
            assertEquals(2, blob.reads());
            assertEquals(1, tier.snapshot().damaged());
            blob.assertReads(source, 0, CHUNK);
            assertEquals(2, blob.reads());
        }
    }

    @Test
    void a_chunk_that_is_cut_short_or_gone_or_another_one_is_fetched_again() throws IOException {
        try (LocalTier tier = open(1 << 20);
                BlobSource source = tier.over(blob)) {
            blob.assertReads(source, 0, 3 * CHUNK);
            List<Path> files = chunks().stream().sorted().toList();
            Files.write(files.get(0), new byte[7]);
            Files.delete(files.get(1));
            Files.move(files.get(2), files.get(2).resolveSibling("7"), StandardCopyOption.REPLACE_EXISTING);
            blob.assertReads(source, 0, 3 * CHUNK);
        }
        try (LocalTier tier = open(1 << 20);
                BlobSource source = tier.over(blob)) {
            blob.assertReads(source, 7 * CHUNK, CHUNK);
            assertEquals(1, tier.snapshot().damaged(), "one under the name of another is not it");
        }
    }

    @Test
    void the_chunks_used_least_recently_go_when_there_are_too_many() throws IOException {
        try (LocalTier tier = open(3L * KEPT);
                BlobSource source = tier.over(blob)) {
            for (int chunk : new int[] {0, 1, 2, 0, 3}) {
                blob.assertReads(source, (long) chunk * CHUNK, CHUNK);
            }
            assertEquals(3L * KEPT, tier.snapshot().bytes());
            assertEquals(
                    List.of("0", "2", "3"),
                    chunks().stream()
                            .map(file -> file.getFileName().toString())
                            .sorted()
                            .toList());
        }
    }

    @Test
    void a_smaller_limit_holds_from_the_start_and_the_oldest_go() throws IOException {
        try (LocalTier tier = open(1 << 20);
                BlobSource source = tier.over(blob)) {
            blob.assertReads(source, 0, 4 * CHUNK);
        }
        for (Path file : chunks()) {
            int number = Integer.parseInt(file.getFileName().toString());
            Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000L * (number * 5 % 7 + 1)));
        }
        try (LocalTier tier = open(2L * KEPT)) {
            assertEquals(2L * KEPT, tier.snapshot().bytes());
        }
        assertEquals(
                List.of("1", "2"),
                chunks().stream()
                        .map(file -> file.getFileName().toString())
                        .sorted()
                        .toList());
    }

    @Test
    void what_was_not_finished_is_deleted_and_what_is_not_ours_is_left() throws IOException {
        try (LocalTier tier = open(1 << 20);
                BlobSource source = tier.over(blob)) {
            blob.assertReads(source, 0, CHUNK);
        }
        Path chunk = chunks().getFirst();
        Path unfinished = Files.writeString(chunk.resolveSibling("1.5" + AtomicFiles.UNFINISHED), "half");
        Path foreign = Files.writeString(directory.resolve("tier").resolve("1"), "notes");
        open(1 << 20).close();
        assertFalse(Files.exists(unfinished));
        assertTrue(Files.exists(foreign));
        assertTrue(Files.exists(chunk));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../../etc/passwd", "/etc/passwd", "a\0b", "\ud800", "..", " "})
    void whatever_an_identity_holds_it_leads_nowhere_else(String hostile) throws IOException {
        blob.identity = hostile;
        try (LocalTier tier = open(1 << 20);
                BlobSource source = tier.over(blob)) {
            blob.assertReads(source, 0, CHUNK);
        }
        assertEquals(1, chunks().size());
        assertEquals(List.of(directory.resolve("tier")), Blob.files(directory));
        assertTrue(chunks().getFirst().getParent().getFileName().toString().matches("[0-9a-f]{64}-1024"));
    }

    @Test
    void blobs_are_told_apart_by_identity() throws IOException {
        var other = new Blob(10_000, 2);
        other.identity = "sha256:other";
        try (LocalTier tier = open(1 << 20);
                BlobSource one = tier.over(blob);
                BlobSource two = tier.over(other)) {
            blob.assertReads(one, 0, CHUNK);
            other.assertReads(two, 0, CHUNK);
            blob.assertReads(one, 0, CHUNK);
            assertEquals(1, blob.reads());
        }
    }

    @Test
    void a_chunk_of_another_blob_is_not_taken_for_this_one() throws IOException {
        var other = new Blob(10_000, 2);
        other.identity = "sha256:other";
        try (LocalTier tier = open(1 << 20);
                BlobSource one = tier.over(blob);
                BlobSource two = tier.over(other)) {
            blob.assertReads(one, 0, CHUNK);
            Path mine = chunks().getFirst();
            other.assertReads(two, 0, CHUNK);
            for (Path chunk : chunks()) {
                Files.copy(mine, chunk.resolveSibling("copy"));
                Files.move(chunk.resolveSibling("copy"), chunk, StandardCopyOption.REPLACE_EXISTING);
            }
            other.assertReads(two, 0, CHUNK);
            assertEquals(1, tier.snapshot().damaged());
        }
    }

    @Test
    void bytes_without_a_name_are_not_kept() throws IOException {
        blob.identity = "";
        try (LocalTier tier = open(1 << 20)) {
            assertSame(blob, tier.over(blob));
        }
    }

    @Test
    void a_chunk_that_cannot_be_written_is_served_all_the_same() throws IOException {
        try (LocalTier tier = open(1 << 20);
                BlobSource source = tier.over(blob)) {
            Path place = Blob.files(directory.resolve("tier")).stream()
                    .filter(Files::isDirectory)
                    .findFirst()
                    .orElseThrow();
            for (Path sub : Blob.files(place)) {
                Files.delete(sub);
            }
            blob.assertReads(source, 0, 10_000);
            assertEquals(10, tier.snapshot().notKept());
            assertEquals(0, tier.snapshot().bytes());
        }
    }

    @Test
    void a_chunk_that_cannot_be_read_is_fetched_again() throws IOException {
        try (LocalTier tier = open(1 << 20);
                BlobSource source = tier.over(blob)) {
            blob.assertReads(source, 0, CHUNK);
            Path chunk = chunks().getFirst();
            Files.delete(chunk);
            Files.createDirectory(chunk);
            blob.assertReads(source, 0, CHUNK);
            assertEquals(1, tier.snapshot().damaged());
        }
    }

    @Test
    void a_directory_belongs_to_one_at_a_time() throws IOException {
        try (LocalTier tier = open(1 << 20)) {
            var e = assertThrows(IOException.class, () -> open(1 << 20));
            assertTrue(e.getMessage().contains("in use"), e.getMessage());
            assertEquals(0, tier.snapshot().bytes());
        }
        open(1 << 20).close();
        assertThrows(IllegalArgumentException.class, () -> open(CHUNK));
    }
}
