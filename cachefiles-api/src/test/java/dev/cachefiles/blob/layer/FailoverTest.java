// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.ForwardingBlobSource;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FailoverTest {
    private final ManualTicker ticker = new ManualTicker();
    private final Blob one = new Blob(1000);
    private final Blob two = new Blob(1000);
    private final List<String> heard = new ArrayList<>();

    private Failover.Builder mirrors() {
        return Failover.builder()
                .mirror("one", key -> one)
                .mirror("two", key -> two)
                .listener((mirror, key, cause) -> heard.add(mirror + ": " + cause.getMessage()))
                .ticker(ticker);
    }

    @Test
    void the_first_mirror_is_asked_and_no_other_one() throws IOException {
        BlobSource source = mirrors().build().resolve(Blob.KEY);
        assertEquals(List.of(), one.calls, "none before its bytes are wanted");
        assertEquals(1000, source.size());
        one.assertReads(source, 5, 50);
        assertEquals(1, one.reads());
        assertEquals(List.of(), two.calls);
    }

    @Test
    void the_next_mirror_is_asked_for_what_one_cannot_give() throws IOException {
        BlobSource source = mirrors().build().resolve(Blob.KEY);
        source.size();
        one.failing(new TransientException("busy"));
        one.assertReads(source, 5, 50);
        assertEquals(List.of("one: busy"), heard);
        one.failing(new PermanentException("forbidden"));
        one.assertReads(source, 5, 50);
        assertEquals(2, two.reads());
    }

    @Test
    void a_mirror_that_is_down_keeps_no_blob_from_being_opened() throws IOException {
        BlobSource source = Failover.builder()
                .mirror("one", key -> {
                    throw new ConnectException("refused");
                })
                .mirror("two", key -> two)
                .build()
                .resolve(Blob.KEY);
        assertEquals(1000, source.size());
        two.assertReads(source, 0, 10);
    }

    @Test
    void a_mirror_with_wrong_bytes_is_passed_over() throws IOException {
        ChunkDigests digests = ChunkDigests.compute(DigestAlgorithm.SHA_256, 512, new Blob(1000));
        one.bytes[100] ^= 1;
        BlobSource source = Failover.builder()
                .mirror("one", key -> new VerifyingSource(one, digests))
                .mirror("two", key -> new VerifyingSource(two, digests))
                .build()
                .resolve(Blob.KEY);
        two.assertReads(source, 0, 1000);
        assertEquals(1, one.reads());
        assertEquals(1, two.reads());
    }

    @Test
    void a_mirror_that_fails_often_is_left_alone_for_all_blobs_and_then_probed() throws IOException {
        Failover failover = mirrors()
                .breaker(2, Duration.ofSeconds(5), Duration.ofSeconds(5))
                .build();
        BlobSource source = failover.resolve(Blob.KEY);
        source.size();
        one.failing(new TransientException("a"), new TransientException("b"));
        one.assertReads(source, 0, 1);
        one.assertReads(source, 0, 1);
        assertTrue(failover.isLeftAlone("one"));
        assertFalse(failover.isLeftAlone("two"));
        one.assertReads(failover.resolve(Blob.key("other")), 0, 1);
        assertEquals(2, one.reads(), "was left alone");
        ticker.advance(Duration.ofSeconds(5));
        one.assertReads(source, 0, 1);
        assertEquals(3, one.reads(), "was probed, and works");
        assertFalse(failover.isLeftAlone("one"));
    }

    @Test
    void the_last_hope_is_not_refused() throws IOException {
        Failover failover = mirrors()
                .breaker(1, Duration.ofMinutes(1), Duration.ofMinutes(1))
                .build();
        BlobSource source = failover.resolve(Blob.KEY);
        source.size();
        one.failing(new TransientException("a"));
        two.failing(new TransientException("b"));
        assertThrows(TransientException.class, () -> Blob.read(source, 0, 1));
        assertTrue(failover.isLeftAlone("one") && failover.isLeftAlone("two"));
        one.assertReads(source, 0, 1);
        assertFalse(failover.isLeftAlone("one"), "closed by a success");
    }

    @Test
    void a_mirror_that_says_that_there_is_no_such_blob_is_believed() {
        BlobSource source = mirrors().build().resolve(Blob.KEY);
        one.failing(new NoSuchFileException("blob"));
        assertThrows(NoSuchFileException.class, source::size);
        assertEquals(List.of(), two.calls);
    }

    @Test
    void unless_mirrors_may_lack_blobs() throws IOException {
        Failover failover = mirrors()
                .missingHere(true)
                .breaker(1, Duration.ofSeconds(1), Duration.ofSeconds(1))
                .build();
        BlobSource source = failover.resolve(Blob.KEY);
        one.failing(new NoSuchFileException("blob"));
        assertEquals(1000, source.size());
        assertFalse(failover.isLeftAlone("one"), "to lack a blob is no failure");

        BlobSource missing = failover.resolve(Blob.KEY);
        one.failing(new NoSuchFileException("blob"));
        two.failing(new NoSuchFileException("blob"));
        assertThrows(NoSuchFileException.class, missing::size);

        BlobSource unknown = failover.resolve(Blob.KEY);
        one.failing(new NoSuchFileException("blob"));
        two.failing(new ConnectException("down"));
        assertThrows(TransientException.class, unknown::size, "the one that is down may have it");
    }

    @Test
    void mirrors_of_different_sizes_are_not_mixed() throws IOException {
        var longer = new Blob(1001);
        BlobSource source = Failover.builder()
                .mirror("one", key -> one)
                .mirror("two", key -> longer)
                .listener((mirror, key, cause) -> heard.add(mirror + ": " + cause.getMessage()))
                .build()
                .resolve(Blob.KEY);
        assertEquals(1000, source.size());
        one.failing(new TransientException("busy"));
        var e = assertThrows(IOException.class, () -> Blob.read(source, 0, 1));
        assertTrue(e.getMessage().contains("1001 bytes, not 1000"), e.getMessage());
        assertTrue(longer.closed);
        assertEquals(0, longer.reads());
        one.failing(new TransientException("busy"));
        assertThrows(IOException.class, () -> Blob.read(source, 0, 1));
        assertEquals(List.of("size"), longer.calls, "is not asked again");
        one.assertReads(source, 0, 1);
    }

    @Test
    void mirrors_of_different_digests_are_not_mixed() throws IOException {
        one.identity = "sha256:" + "01".repeat(32);
        two.identity = "sha256:" + "02".repeat(32);
        BlobSource source = mirrors().build().resolve(Blob.KEY);
        assertEquals(one.identity, source.identity());
        one.failing(new TransientException("busy"));
        assertThrows(IOException.class, () -> Blob.read(source, 0, 1));
        assertEquals(0, two.reads());
    }

    @Test
    void the_version_at_one_mirror_names_no_bytes_of_others() throws IOException {
        one.identity = "http://one/blob \"etag\"";
        assertEquals("", mirrors().build().resolve(Blob.KEY).identity());
    }

    @Test
    void the_failure_of_all_tells_of_each_and_when_to_come_again() {
        BlobSource source = mirrors().build().resolve(Blob.KEY);
        one.failing(new TransientException("busy", Duration.ofSeconds(9)));
        two.failing(new TransientException("also busy", Duration.ofSeconds(4)));
        var e = assertThrows(TransientException.class, source::size);
        assertEquals(Duration.ofSeconds(4), e.retryAfter().orElseThrow());
        assertEquals(2, e.getSuppressed().length);
        assertEquals("no mirror of blob has the bytes; busy; also busy", e.getMessage());

        one.failing(new PermanentException("no"));
        two.failing(new WrongBytesException("wrong"));
        assertInstanceOf(PermanentException.class, assertThrows(IOException.class, source::size));
    }

    @Test
    void a_mirror_that_hangs_leaves_time_for_the_next_one() throws IOException {
        var hanging = new ForwardingBlobSource(one) {
            @Override
            public void read(long offset, MemorySegment target) throws IOException {
                ticker.advance(Duration.ofNanos(Deadline.current().nanosLeft()));
                throw new InterruptedIOException("timed out");
            }
        };
        BlobSource source = Failover.builder()
                .mirror("one", key -> hanging)
                .mirror("two", key -> two)
                .ticker(ticker)
                .build()
                .resolve(Blob.KEY);
        Deadline.during(ticker.in(Duration.ofSeconds(10)), () -> {
            two.assertReads(source, 0, 1);
            assertEquals(Duration.ofSeconds(5).toNanos(), Deadline.current().nanosLeft());
        });
    }

    @Test
    void when_no_one_waits_any_more_no_other_mirror_is_asked() throws IOException {
        BlobSource source = mirrors().build().resolve(Blob.KEY);
        source.size();
        one.failing(new InterruptedIOException("stopped"));
        Thread.currentThread().interrupt();
        assertThrows(InterruptedIOException.class, () -> Blob.read(source, 0, 1));
        assertTrue(Thread.interrupted());
        assertEquals(List.of(), two.calls);
    }

    @Test
    void all_that_was_opened_is_closed() throws IOException {
        BlobSource source = mirrors().build().resolve(Blob.KEY);
        one.failing(new TransientException("busy"), new TransientException("busy"));
        source.size();
        one.assertReads(source, 0, 1);
        source.close();
        assertTrue(one.closed && two.closed);
    }
}
