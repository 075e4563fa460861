// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.WrongBytesException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HttpSourceTest {
    private static final HttpSource.Options OPTIONS = new HttpSource.Options(List.of(), false, true, 1 << 20);

    private final byte[] blob = new byte[100_000];
    private ScriptedServer server;
    private HttpTransport transport;

    @BeforeEach
    void start() throws IOException {
        new Random(1).nextBytes(blob);
        server = new ScriptedServer(blob);
        transport = transport(Duration.ofSeconds(30));
    }

    @AfterEach
    void stop() {
        transport.close();
        server.close();
    }

    private static HttpTransport transport(Duration patience) {
        return new HttpTransport(new HttpTransport.Options(Duration.ofSeconds(30), patience, true, null));
    }

    private HttpSource open() throws IOException {
        return open(OPTIONS);
    }

    private HttpSource open(HttpSource.Options options) throws IOException {
        return HttpSource.open(transport, Authorization.NONE, server.uri("/blob"), options);
    }

    private static byte[] read(HttpSource source, long offset, int length) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(length);
            source.read(offset, target);
            return target.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private void assertReads(HttpSource source, int offset, int length) throws IOException {
        assertArrayEquals(Arrays.copyOfRange(blob, offset, offset + length), read(source, offset, length));
    }

    @Test
    void readsRanges() throws IOException {
        HttpSource source = open();
        assertEquals(blob.length, source.size());
        assertReads(source, 0, 1);
        assertReads(source, 4096, 70_000);
        assertReads(source, blob.length - 1, 1);
        assertTrue(source.identity().contains("\"one\""));
    }

    /** A signature in it is as good as a password. */
    @Test
    void noMessageShowsTheQueryOfAUrl() throws IOException {
        HttpSource source =
                HttpSource.open(transport, Authorization.NONE, server.uri("/blob?signature=secret"), OPTIONS);
        assertReads(source, 0, 1);
        assertTrue(source.toString().endsWith("/blob?..."), source.toString());
        List<ScriptedServer.Script> scripts = List.of(
                exchange -> {
                    exchange.getResponseHeaders().set("ETag", "\"two\"");
                    exchange.getResponseHeaders().set("Content-Range", "bytes 0-0/100000");
                    exchange.sendResponseHeaders(206, 1);
                },
                exchange -> ScriptedServer.status(exchange, 206),
                exchange -> ScriptedServer.status(exchange, 403),
                exchange -> ScriptedServer.status(exchange, 416),
                exchange -> ScriptedServer.status(exchange, 500),
                exchange -> {
                    exchange.getResponseHeaders().set("Location", "ftp://host/blob?signature=secret");
                    ScriptedServer.status(exchange, 302);
                },
                exchange -> {
                    exchange.getResponseHeaders().set("Location", "not a URL?signature=secret");
                    ScriptedServer.status(exchange, 302);
                },
                exchange -> {
                    exchange.getResponseHeaders()
                            .set("Location", exchange.getRequestURI().toString());
                    ScriptedServer.status(exchange, 302);
                });
        for (ScriptedServer.Script script : scripts) {
            server.script = script;
            String message = String.valueOf(
                    assertThrows(IOException.class, () -> read(source, 0, 1)).getMessage());
            assertTrue(!message.contains("secret") && message.contains("/blob?..."), message);
        }
    }

    @Test
    void anEmptyBlobHasSize0() throws IOException {
        server.blob = new byte[0];
        assertEquals(0, open().size());
    }

    @ParameterizedTest
    @ValueSource(ints = {429, 500, 502, 503, 504, 408})
    void aBusyServerIsAFailureOfTheMomentWithTheTimeToWait(int status) throws IOException {
        HttpSource source = open();
        server.script = exchange -> {
            exchange.getResponseHeaders().set("Retry-After", "7");
            ScriptedServer.status(exchange, status);
        };
        var failure = assertThrows(TransientException.class, () -> read(source, 0, 10));
        assertEquals(Optional.of(Duration.ofSeconds(7)), failure.retryAfter());
        assertTrue(failure.getMessage().contains(Integer.toString(status)), failure.getMessage());
        server.script = server::serve;
        assertReads(source, 0, 10);
    }

    @Test
    void retryAfterMayBeADate() throws IOException {
        server.script = exchange -> {
            exchange.getResponseHeaders().set("Retry-After", "Tue, 31 Dec 2199 23:59:59 GMT");
            ScriptedServer.status(exchange, 503);
        };
        var failure = assertThrows(TransientException.class, this::open);
        assertTrue(failure.retryAfter().orElseThrow().toDays() > 10_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 405, 414})
    void aRefusalIsPermanent(int status) {
        server.script = exchange -> ScriptedServer.status(exchange, status);
        var failure = assertThrows(PermanentException.class, this::open);
        assertTrue(failure.getMessage().contains(Integer.toString(status)), failure.getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 410})
    void whatIsNotThereIsNoSuchFile(int status) {
        server.script = exchange -> ScriptedServer.status(exchange, status);
        assertThrows(NoSuchFileException.class, this::open);
    }

    @Test
    void aTruncatedBodyIsAFailureOfTheMoment() throws IOException {
        HttpSource source = open();
        server.script = exchange -> {
            exchange.getResponseHeaders().set("ETag", "\"one\"");
            exchange.getResponseHeaders().set("Content-Range", "bytes 0-49999/" + blob.length);
            ScriptedServer.send(exchange, 206, Arrays.copyOf(blob, 20_000), 50_000);
        };
        assertThrows(TransientException.class, () -> read(source, 0, 50_000));
        server.script = server::serve;
        assertReads(source, 0, 50_000);
    }

    @Test
    void aBodyWithoutALengthThatEndsEarlyIsNoticed() throws IOException {
        HttpSource source = open();
        server.script = exchange -> {
            exchange.getResponseHeaders().set("ETag", "\"one\"");
            exchange.getResponseHeaders().set("Content-Range", "bytes 0-49999/" + blob.length);
            exchange.sendResponseHeaders(206, 0); // chunked
            exchange.getResponseBody().write(blob, 0, 49_999);
        };
        assertThrows(TransientException.class, () -> read(source, 0, 50_000));
    }

    @Test
    void aBodyThatIsLongerThanItsRangeIsRefused() throws IOException {
        HttpSource source = open();
        server.script = exchange -> {
            exchange.getResponseHeaders().set("ETag", "\"one\"");
            exchange.getResponseHeaders().set("Content-Range", "bytes 0-9/" + blob.length);
            exchange.sendResponseHeaders(206, 0); // chunked
            exchange.getResponseBody().write(blob, 0, 11);
        };
        assertThrows(WrongBytesException.class, () -> read(source, 0, 10));
    }

    @Test
    void anotherRangeThanThatAskedForIsRefused() throws IOException {
        HttpSource source = open();
        server.script = exchange -> {
            exchange.getResponseHeaders().set("ETag", "\"one\"");
            exchange.getResponseHeaders().set("Content-Range", "bytes 0-9/" + blob.length);
            ScriptedServer.send(exchange, 206, Arrays.copyOf(blob, 10), 10);
        };
        assertThrows(WrongBytesException.class, () -> read(source, 100, 10));
    }

    @Test
    void anAnswer206WithoutARangeIsRefused() throws IOException {
        HttpSource source = open();
        server.script = exchange -> {
            exchange.getResponseHeaders().set("ETag", "\"one\"");
            ScriptedServer.send(exchange, 206, Arrays.copyOf(blob, 10), 10);
        };
        assertThrows(PermanentException.class, () -> read(source, 0, 10));
    }

    @Test
    void aChangedBlobIsRefusedUntilItIsBack() throws IOException {
        HttpSource source = open();
        byte[] other = blob.clone();
        other[0]++;
        server.blob = other;
        server.etag = "\"two\"";
        var failure = assertThrows(WrongBytesException.class, () -> read(source, 0, 10));
        assertTrue(failure.getMessage().contains("changed"), failure.getMessage());
        assertEquals("\"one\"", last().header("If-Match"));
        server.blob = blob;
        server.etag = "\"one\"";
        assertReads(source, 0, 10);
    }

    @Test
    void aChangeIsNoticedWithAServerThatIgnoresTheCondition() throws IOException {
        HttpSource source = open();
        server.script = exchange -> {
            exchange.getResponseHeaders().set("ETag", "\"two\"");
            server.ranged(exchange);
        };
        assertThrows(WrongBytesException.class, () -> read(source, 0, 10));
    }

    @Test
    void anAnswerThatNamesNoVersionAnyMoreIsRefused() throws IOException {
        HttpSource source = open();
        server.script = server::ranged;
        assertThrows(WrongBytesException.class, () -> read(source, 0, 10));
    }

    @Test
    void aBlobThatHasBecomeShorterIsRefused() throws IOException {
        HttpSource source = open();
        server.blob = Arrays.copyOf(blob, 50_000);
        assertThrows(WrongBytesException.class, () -> read(source, 0, 10));
        assertThrows(WrongBytesException.class, () -> read(source, 60_000, 10));
    }

    @Test
    void theDateOfTheLastChangeIsAVersionToo() throws IOException {
        server.etag = "";
        server.script = exchange -> {
            exchange.getResponseHeaders().set("Last-Modified", "Tue, 01 Jul 2025 10:00:00 GMT");
            server.ranged(exchange);
        };
        HttpSource source = open();
        assertReads(source, 5, 5);
        assertEquals("Tue, 01 Jul 2025 10:00:00 GMT", last().header("If-Unmodified-Since"));
        server.script = exchange -> {
            exchange.getResponseHeaders().set("Last-Modified", "Tue, 01 Jul 2025 10:00:01 GMT");
            server.ranged(exchange);
        };
        assertThrows(WrongBytesException.class, () -> read(source, 5, 5));
    }

    @Test
    void aBlobWithoutAVersionIsServedOnlyWhenThatWasSaid() throws IOException {
        server.script = server::ranged;
        assertThrows(PermanentException.class, this::open);
        HttpSource source = open(new HttpSource.Options(List.of(), false, false, 0));
        assertReads(source, 7, 70);
        assertEquals("", source.identity());
    }

    @Test
    void ofAServerWithoutRangesTheBeginningIsPassedOver() throws IOException {
        server.script = server::whole;
        HttpSource source = open();
        assertEquals(blob.length, source.size());
        assertReads(source, 60_000, 10_000);
        assertReads(source, 0, blob.length);
    }

    @Test
    void ofAServerWithoutRangesALargeBlobIsRefused() throws IOException {
        server.script = server::whole;
        var little = new HttpSource.Options(List.of(), false, true, 50_000);
        var failure = assertThrows(PermanentException.class, () -> open(little));
        assertTrue(failure.getMessage().contains("longest-skip"), failure.getMessage());

        server.script = server::serve;
        HttpSource source = open(little);
        server.script = server::whole; // from now on
        assertReads(source, 50_000, 10);
        assertThrows(PermanentException.class, () -> read(source, 50_001, 10));
    }

    @Test
    void aCompressedBodyIsRefused() {
        server.script = exchange -> {
            exchange.getResponseHeaders().set("Content-Encoding", "gzip");
            server.serve(exchange);
        };
        assertThrows(PermanentException.class, this::open);
        assertEquals("identity", last().header("Accept-Encoding"));
    }

    @Test
    void headersAreSentAlong() throws IOException {
        open(new HttpSource.Options(List.of("X-Tenant", "blue"), false, true, 0));
        assertEquals("blue", last().header("X-Tenant"));
    }

    @Test
    void aServerThatIsDownIsAFailureOfTheMoment() throws IOException {
        HttpSource source = open();
        int port = server.port();
        server.close();
        assertThrows(TransientException.class, () -> read(source, 0, 10));
        assertThrows(TransientException.class, () -> read(source, 0, 10));
        server = new ScriptedServer(blob, port);
        assertReads(source, 0, 10);
    }

    @Test
    void aServerThatDoesNotAnswerIsGivenUpInTime() throws IOException {
        var never = new CountDownLatch(1);
        try (HttpTransport impatient = transport(Duration.ofMillis(200))) {
            HttpSource source =
                    HttpSource.ofSize(impatient, Authorization.NONE, server.uri("/blob"), blob.length, OPTIONS);
            server.script = exchange -> await(never);
            assertThrows(TransientException.class, () -> read(source, 0, 10));
        } finally {
            never.countDown();
        }
    }

    @Test
    void aServerThatStopsInTheMiddleIsGivenUpInTime() throws IOException {
        var never = new CountDownLatch(1);
        try (HttpTransport impatient = transport(Duration.ofSeconds(1))) {
            HttpSource source = HttpSource.open(impatient, Authorization.NONE, server.uri("/blob"), OPTIONS);
            server.script = exchange -> {
                exchange.getResponseHeaders().set("ETag", "\"one\"");
                exchange.getResponseHeaders().set("Content-Range", "bytes 0-49999/" + blob.length);
                exchange.sendResponseHeaders(206, 50_000);
                exchange.getResponseBody().write(blob, 0, 10_000);
                exchange.getResponseBody().flush();
                await(never);
            };
            assertThrows(TransientException.class, () -> read(source, 0, 50_000));
        } finally {
            never.countDown();
        }
    }

    @Test
    void theDeadlineOfTheCallEndsTheWait() throws IOException {
        var never = new CountDownLatch(1);
        HttpSource source = open();
        server.script = exchange -> await(never);
        long end = System.nanoTime() + 200_000_000;
        assertThrows(
                InterruptedIOException.class,
                () -> Deadline.during(() -> end - System.nanoTime(), () -> read(source, 0, 10)));
        never.countDown();
        server.script = server::serve;
        assertReads(source, 0, 10);
    }

    @Test
    void anInterruptEndsTheWaitAndIsKept() throws Exception {
        var never = new CountDownLatch(1);
        var reached = new CountDownLatch(1);
        HttpSource source = open();
        server.script = exchange -> {
            reached.countDown();
            await(never);
        };
        var outcome = new CompletableFuture<Boolean>();
        var reader = new Thread(() -> {
            try {
                assertThrows(InterruptedIOException.class, () -> read(source, 0, 10));
                outcome.complete(Thread.currentThread().isInterrupted());
            } catch (Throwable t) {
                outcome.completeExceptionally(t);
            }
        });
        reader.start();
        reached.await();
        reader.interrupt();
        assertTrue(outcome.get());
        never.countDown();
        server.script = server::serve;
        assertReads(source, 0, 10);
    }

    @Test
    void connectionsAreKept() throws IOException {
        var ports = new java.util.HashSet<Integer>();
        server.script = exchange -> {
            ports.add(exchange.getRemoteAddress().getPort());
            server.serve(exchange);
        };
        HttpSource source = open();
        for (int i = 0; i < 10; i++) {
            assertReads(source, i, 1000);
        }
        assertEquals(1, ports.size());
    }

    @Test
    void versionsDifferWithTheirEtags() throws IOException {
        String one = open().identity();
        server.etag = "\"two\"";
        assertNotEquals(one, open().identity());
    }

    @Test
    void noSignatureInAQueryIsKeptOrShown() throws IOException {
        URI signed = URI.create(server.uri("/blob") + "?key=secret");
        String one =
                HttpSource.open(transport, Authorization.NONE, signed, OPTIONS).identity();
        assertFalse(one.contains("secret"), one);
        URI other = URI.create(server.uri("/blob") + "?key=other");
        assertNotEquals(
                one,
                HttpSource.open(transport, Authorization.NONE, other, OPTIONS).identity());
        server.etag = "";
        var failure = assertThrows(
                PermanentException.class, () -> HttpSource.open(transport, Authorization.NONE, signed, OPTIONS));
        assertFalse(failure.getMessage().contains("secret"), failure.getMessage());
    }

    private ScriptedServer.Asked last() {
        return List.copyOf(server.asked).getLast();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
