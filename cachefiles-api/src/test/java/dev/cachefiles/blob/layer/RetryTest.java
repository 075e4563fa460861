// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RetryTest {
    private final ManualTicker ticker = new ManualTicker();
    private final Blob blob = new Blob(1000);

    /** Gives always the largest number that is asked for. */
    private static final RandomGenerator LARGEST = new RandomGenerator() {
        @Override
        public long nextLong() {
            throw new AssertionError("has no bound");
        }

        @Override
        public long nextLong(long bound) {
            return bound - 1;
        }
    };

    private Retry.Builder retry() {
        return Retry.builder().ticker(ticker).random(LARGEST);
    }

    @Test
    void what_fails_for_the_moment_is_tried_again() throws IOException {
        blob.failing(new TransientException("busy"), new IOException("connection reset"));
        BlobSource source = retry().build().over(blob);
        blob.assertReads(source, 10, 20);
        assertEquals(List.of("read 10+20", "read 10+20", "read 10+20"), blob.calls);
        assertEquals(List.of(Duration.ofMillis(100), Duration.ofMillis(200)), ticker.sleeps);
    }

    @Test
    void size_and_views_are_tried_again_too() throws IOException {
        blob.viewed = true;
        BlobSource source = retry().build().over(blob);
        blob.failing(new TransientException("busy"));
        assertEquals(1000, source.size());
        blob.failing(new TransientException("busy"));
        assertEquals(7, source.view(3, 7).orElseThrow().byteSize());
        assertEquals(2, ticker.sleeps.size());
    }

    @Test
    void the_bound_of_the_wait_doubles_up_to_the_longest() {
        blob.failing(transients(8));
        BlobSource source = retry().attempts(6)
                .waits(Duration.ofMillis(10), Duration.ofMillis(50))
                .build()
                .over(blob);
        var failure = assertThrows(TransientException.class, () -> Blob.read(source, 0, 1));
        assertEquals("busy 5", failure.getMessage(), "the last");
        assertEquals("busy 4", failure.getSuppressed()[0].getMessage(), "with the one before");
        assertEquals(Stream.of(10, 20, 40, 50, 50).map(Duration::ofMillis).toList(), ticker.sleeps);
    }

    @Test
    void waits_are_spread_from_zero_to_the_bound() {
        blob.failing(transients(400));
        BlobSource source = retry().random(new Random(7))
                .attempts(400)
                .waits(Duration.ofMillis(100), Duration.ofMillis(100))
                .build()
                .over(blob);
        assertThrows(TransientException.class, () -> Blob.read(source, 0, 1));
        assertTrue(ticker.sleeps.stream().allMatch(d -> d.toMillis() <= 100 && !d.isNegative()));
        assertTrue(ticker.sleeps.stream().anyMatch(d -> d.toMillis() < 10), "short ones");
        assertTrue(ticker.sleeps.stream().anyMatch(d -> d.toMillis() >= 90), "and long ones");
    }

    @Test
    void a_server_that_says_when_is_not_asked_before() throws IOException {
        blob.failing(new TransientException("429", Duration.ofSeconds(17)));
        blob.assertReads(retry().build().over(blob), 0, 5);
        assertEquals(List.of(Duration.ofSeconds(17)), ticker.sleeps);
    }

    @Test
    void a_wait_that_would_outlast_the_deadline_is_not_begun() throws IOException {
        blob.failing(new TransientException("429", Duration.ofSeconds(17)));
        BlobSource source = retry().build().over(blob);
        Deadline.during(
                ticker.in(Duration.ofSeconds(17)),
                () -> assertThrows(TransientException.class, () -> Blob.read(source, 0, 1)));
        assertEquals(List.of(), ticker.sleeps);
        blob.failing(new TransientException("429", Duration.ofSeconds(17)));
        Deadline.during(ticker.in(Duration.ofSeconds(18)), () -> blob.assertReads(source, 0, 1));
    }

    @Test
    void a_long_time_to_wait_does_not_overflow() throws IOException {
        blob.failing(new TransientException("never", Duration.ofDays(400_000)));
        BlobSource source = retry().build().over(blob);
        Deadline.during(
                ticker.in(Duration.ofDays(1)),
                () -> assertThrows(TransientException.class, () -> Blob.read(source, 0, 1)));
        assertEquals(List.of(), ticker.sleeps);
    }

    static Stream<IOException> permanent() {
        return Stream.of(
                new PermanentException("403"),
                new WrongBytesException("digest"),
                new NoSuchFileException("gone"),
                new AccessDeniedException("no"),
                new SSLHandshakeException("certificate"),
                new InterruptedIOException("stop"),
                new ClosedByInterruptException());
    }

    @ParameterizedTest
    @MethodSource("permanent")
    void what_will_not_change_is_not_tried_again(IOException failure) {
        blob.failing(failure);
        BlobSource source = retry().build().over(blob);
        assertSame(failure, assertThrows(IOException.class, () -> Blob.read(source, 0, 1)));
        assertEquals(1, blob.calls.size());
    }

    static Stream<IOException> ofTheNetwork() {
        return Stream.of(
                new ConnectException("refused"),
                new SocketTimeoutException("timed out"),
                new UnknownHostException("registry"),
                new IOException("unexpected end of stream"));
    }

    @ParameterizedTest
    @MethodSource("ofTheNetwork")
    void failures_of_the_network_are_tried_again(IOException failure) throws IOException {
        blob.failing(failure);
        blob.assertReads(retry().build().over(blob), 0, 9);
    }

    @Test
    void an_interrupt_ends_it_and_stays() {
        blob.failing(transients(3));
        BlobSource source = retry().build().over(blob);
        Thread.currentThread().interrupt();
        assertThrows(IOException.class, () -> Blob.read(source, 0, 1));
        assertTrue(Thread.interrupted());
        assertEquals(1, blob.calls.size());
    }

    @Test
    void an_interrupt_of_the_wait_ends_it() {
        blob.failing(transients(3));
        BlobSource source =
                retry().onRetry(e -> Thread.currentThread().interrupt()).build().over(blob);
        var failure = assertThrows(InterruptedIOException.class, () -> Blob.read(source, 0, 1));
        assertTrue(Thread.interrupted());
        assertEquals("busy 0", failure.getSuppressed()[0].getMessage());
    }

    @Test
    void a_resolver_is_asked_again_and_its_sources_too() throws IOException {
        var asked = new ArrayList<String>();
        var heard = new ArrayList<String>();
        BlobResolver resolver = key -> {
            asked.add(key.printableName());
            if (asked.size() < 3) {
                throw new ConnectException("registry is down");
            }
            return blob.failing(new TransientException("busy"));
        };
        BlobSource source = retry().onRetry(e -> heard.add(e.getMessage()))
                .build()
                .over(resolver)
                .resolve(Blob.KEY);
        assertEquals(List.of("blob", "blob", "blob"), asked);
        assertArrayEquals(blob.range(0, 5), Blob.read(source, 0, 5));
        assertEquals(List.of("registry is down", "registry is down", "busy"), heard);
    }

    @Test
    void the_test_of_what_is_transient_can_be_another() throws IOException {
        blob.failing(new PermanentException("odd server"));
        BlobSource source = retry().transientIf(e -> true).build().over(blob);
        blob.assertReads(source, 0, 5);
    }

    private static IOException[] transients(int count) {
        var failures = new IOException[count];
        for (int i = 0; i < count; i++) {
            failures[i] = new TransientException("busy " + i);
        }
        return failures;
    }
}
