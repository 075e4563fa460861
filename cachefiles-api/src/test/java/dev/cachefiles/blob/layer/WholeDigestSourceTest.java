// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.ForwardingBlobSource;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeDigestSourceTest {
    private static final int CHUNK = 1024;

    private final ManualTicker ticker = new ManualTicker();
    private final Blob blob = new Blob(10_000);
    private final Digest digest = new Digest(
            DigestAlgorithm.SHA_256, DigestAlgorithm.SHA_256.newDigest().digest(blob.bytes));

    private BlobSource over(BlobSource source) {
        return new WholeDigestSource(source, digest, CHUNK, null, ticker);
    }

    @Test
    void the_blob_is_read_as_a_whole_before_any_of_it_is_handed_on() throws IOException {
        try (BlobSource source = over(blob)) {
            blob.assertReads(source, 5_000, 10);
            assertEquals(10 + 1, blob.reads(), "all chunks, and the one that was wanted");
            blob.assertReads(source, 0, 10_000);
            assertEquals(10 + 2, blob.reads(), "and then what is asked for");
        }
        assertTrue(blob.closed);
    }

    @Test
    void is_named_by_its_digest() throws IOException {
        try (BlobSource source = over(blob)) {
            assertTrue(source.identity().matches("sha256:[0-9a-f]{64}"), source.identity());
        }
    }

    @Test
    void bytes_that_change_after_that_are_found() throws IOException {
        try (BlobSource source = over(blob)) {
            blob.assertReads(source, 0, 10);
            blob.bytes[7_000] ^= 1;
            assertThrows(WrongBytesException.class, () -> Blob.read(source, 6_900, 10));
        }
    }

    @Test
    void a_wrong_blob_gives_nothing_and_is_left_alone_for_a_minute() throws IOException {
        blob.bytes[9_999] ^= 1;
        try (BlobSource source = over(blob)) {
            assertThrows(WrongBytesException.class, () -> Blob.read(source, 0, 1));
            assertThrows(WrongBytesException.class, () -> Blob.read(source, 0, 1));
            assertEquals(10, blob.reads());
            blob.bytes[9_999] ^= 1;
            ticker.advance(Duration.ofMinutes(1));
            blob.assertReads(source, 0, 1);
        }
    }

    @Test
    void a_failure_for_the_moment_is_none_for_the_next_read() throws IOException {
        blob.failing(new TransientException("busy"));
        blob.failures.add(new TransientException("busy"));
        try (BlobSource source = over(blob)) {
            var e = assertThrows(TransientException.class, () -> Blob.read(source, 0, 1));
            assertEquals("busy", e.getCause().getMessage());
            blob.failures.clear();
            blob.assertReads(source, 0, 1);
        }
    }

    @Test
    void who_cannot_wait_for_it_is_told_and_finds_the_work_done_later() throws Exception {
        var go = new CountDownLatch(1);
        var slow = new ForwardingBlobSource(blob) {
            @Override
            public void read(long offset, MemorySegment target) throws IOException {
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException("stopped");
                }
                super.read(offset, target);
            }
        };
        try (BlobSource source = over(slow)) {
            Deadline.during(() -> 1, () -> {
                var e = assertThrows(TransientException.class, () -> Blob.read(source, 0, 1));
                assertTrue(e.getMessage().contains("0 of 10000 bytes"), e.getMessage());
            });
            go.countDown();
            blob.assertReads(source, 0, 1);
        }
    }

    @Test
    void closing_ends_the_work() throws Exception {
        var begun = new CountDownLatch(1);
        var hanging = new ForwardingBlobSource(blob) {
            @Override
            public void read(long offset, MemorySegment target) throws IOException {
                begun.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException("stopped");
                }
            }
        };
        BlobSource source = over(hanging);
        Deadline.during(() -> 1, () -> assertThrows(TransientException.class, () -> Blob.read(source, 0, 1)));
        begun.await();
        source.close();
        assertTrue(blob.closed);
        assertThrows(IOException.class, () -> Blob.read(source, 0, 1));
    }

    @Test
    void what_was_learned_is_kept(@TempDir Path directory) throws IOException {
        Path kept = directory.resolve("verified");
        try (BlobSource source = new WholeDigestSource(blob, digest, CHUNK, kept)) {
            blob.assertReads(source, 0, 1);
        }
        assertEquals(1, Blob.files(kept).size());
        var again = new Blob(10_000);
        try (BlobSource source = new WholeDigestSource(again, digest, CHUNK, kept)) {
            again.assertReads(source, 0, CHUNK);
            assertEquals(1, again.reads());
        }
        for (Path file : Blob.files(kept)) {
            Files.write(file, new byte[] {1});
        }
        var third = new Blob(10_000);
        try (BlobSource source = new WholeDigestSource(third, digest, CHUNK, kept)) {
            third.assertReads(source, 0, CHUNK);
            assertEquals(11, third.reads(), "a damaged file is learned again");
        }
    }

    @Test
    void with_a_local_tier_each_byte_is_fetched_once(@TempDir Path directory) throws IOException {
        blob.identity = digest.toString();
        try (LocalTier tier = LocalTier.open(directory, 1 << 20, CHUNK);
                BlobSource source = over(tier.over(blob))) {
            blob.assertReads(source, 0, 10_000);
            assertEquals(10, blob.reads());
        }
        assertFalse(Blob.files(directory).isEmpty());
    }
}
