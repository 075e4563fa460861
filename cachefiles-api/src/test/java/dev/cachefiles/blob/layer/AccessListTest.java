// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.blob.layer.AccessList.Range;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessListTest {
    private static final long MIB = 1 << 20;

    @TempDir
    private Path directory;

    private static Range range(long offset, long length) {
        return new Range(offset, length);
    }

    @Test
    void reads_are_recorded_in_order_and_joined_where_they_go_on() throws IOException {
        var blob = new Blob(100_000);
        blob.viewed = true;
        try (var recorder = new AccessRecorder(blob)) {
            Blob.read(recorder, 50_000, 100);
            Blob.read(recorder, 0, 10);
            Blob.read(recorder, 10, 20);
            Blob.read(recorder, 5, 20); // is known
            recorder.view(60_000, 7);
            Blob.read(recorder, 0, 0);
            assertEquals(
                    List.of(range(50_000, 100), range(0, 30), range(60_000, 7)),
                    recorder.recorded().ranges());
        }
    }

    @Test
    void a_record_is_bounded() throws IOException {
        var blob = new Blob(10);
        try (var recorder = new AccessRecorder(blob)) {
            for (int i = 0; i < AccessList.MAX_RANGES + 10; i++) {
                Blob.read(recorder, i % 2 == 0 ? 0 : 5, 1);
            }
            assertEquals(AccessList.MAX_RANGES, recorder.recorded().ranges().size());
        }
    }

    /** The example of the documentation, byte by byte. */
    @Test
    void a_file_has_the_form_that_is_documented() throws IOException {
        Path file = directory.resolve("list");
        new AccessList(List.of(range(8 * 4096, 4096), range(5, 4096), range(200 * 4096, 3 * 4096))).write(file);
        String hex = HexFormat.of().formatHex(Files.readAllBytes(file));
        assertEquals(
                "4346414343455331" // CFACCES1
                        + "03" // ranges
                        + "1001" // 8 from 0 on; 1
                        + "1102" // 9 back, to 0; 2, since it is widened
                        + "8c0303", // 198 on; 3
                hex.substring(0, hex.length() - 8));
    }

    @Test
    void a_list_is_read_as_it_was_written() throws IOException {
        var random = new Random(5);
        for (int run = 0; run < 50; run++) {
            var ranges = new ArrayList<Range>();
            for (int i = random.nextInt(300); i > 0; i--) {
                ranges.add(range(
                        (random.nextLong() >>> (20 + random.nextInt(40))) / 4096 * 4096,
                        4096L * (1 + random.nextInt(1000))));
            }
            Path file = directory.resolve("list");
            new AccessList(ranges).write(file);
            assertEquals(ranges, AccessList.read(file).ranges());
        }
    }

    @Test
    void a_file_is_small() throws IOException {
        var random = new Random(5);
        var ranges = new ArrayList<Range>();
        for (int i = 0; i < 10_000; i++) {
            ranges.add(range(random.nextInt(1000) * MIB, 128 << 10));
        }
        Path file = directory.resolve("list");
        new AccessList(ranges).write(file);
        assertTrue(Files.size(file) < 10_000 * 5, () -> file + " is too large");
    }

    @Test
    void any_change_of_a_file_is_found() throws IOException {
        Path file = directory.resolve("list");
        new AccessList(List.of(range(0, 4096), range(40 * MIB, 4096))).write(file);
        byte[] right = Files.readAllBytes(file);
        for (int i = 0; i < right.length; i++) {
            byte[] wrong = right.clone();
            wrong[i] ^= 1;
            Files.write(file, wrong);
            assertThrows(WrongBytesException.class, () -> AccessList.read(file));
            Files.write(file, Arrays.copyOf(right, i));
            assertThrows(WrongBytesException.class, () -> AccessList.read(file));
        }
    }

    /** Files with a right checksum, made by someone who means harm. */
    @Test
    void hostile_files_are_refused() throws IOException {
        for (String body : List.of(
                "ffffffffffffffffff01", // ranges: more than allowed
                "a08d0600", // 100,000 of them, and then the end
                "01", // ends within a range
                "010000", // is empty
                "010301", // begins before the blob
                "01ffffffffffffffffffff01", // a number without an end
                "01feffffffffffffffff0101", // beyond the range of long
                "01010100")) { // something is left over
            Path file = directory.resolve("list");
            byte[] bytes = HexFormat.of().parseHex("4346414343455331" + body);
            var crc = new CRC32C();
            crc.update(bytes);
            Files.write(
                    file,
                    ByteBuffer.allocate(bytes.length + 4)
                            .put(bytes)
                            .putInt((int) crc.getValue())
                            .array());
            assertThrows(WrongBytesException.class, () -> AccessList.read(file), body);
        }
    }

    @Test
    void senseless_ranges_are_refused() {
        assertThrows(IllegalArgumentException.class, () -> range(-1, 1));
        assertThrows(IllegalArgumentException.class, () -> range(0, 0));
        assertThrows(IllegalArgumentException.class, () -> range(Long.MAX_VALUE, 1));
    }

    @Test
    void a_blob_is_recorded_once_and_found_under_its_key() throws IOException {
        var lists = new AccessLists(directory.resolve("lists"));
        BlobKey hostile = Blob.key("../../x");
        var blob = new Blob(100_000);
        assertEquals(Optional.empty(), lists.find(hostile));
        try (BlobSource source = lists.over(blob, hostile)) {
            Blob.read(source, 8192, 4096);
            Deadline.during(Prefetcher.NO_ONE_WAITS, () -> Blob.read(source, 0, 4096));
            assertEquals(100_000, source.size());
        }
        assertEquals(
                List.of(range(8192, 4096)), lists.find(hostile).orElseThrow().ranges());
        assertEquals(Optional.empty(), lists.find(Blob.key("other")));
        assertSame(blob, lists.over(blob, hostile), "is not recorded again");
        assertEquals(List.of(directory.resolve("lists")), Blob.files(directory));

        Files.write(lists.file(hostile), new byte[] {1, 2, 3});
        assertEquals(Optional.empty(), lists.find(hostile), "one that is damaged is left out");
    }
}
