// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.hello;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.TransientException;
import dev.cachefiles.blob.layer.AccessLists;
import dev.cachefiles.blob.layer.BlobStats;
import dev.cachefiles.blob.layer.LocalTier;
import dev.cachefiles.testkit.FakeKernel;
import dev.cachefiles.testkit.FakeMount;
import dev.cachefiles.testkit.KernelAssert;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WebSourceTest {
    private final List<Web> webs = new ArrayList<>();
    private final Web web = new Web();

    WebSourceTest() throws IOException {}

    /** A web server with one blob, which fails when told to. */
    private final class Web {
        final byte[] content = new byte[1_000_000];
        final Queue<Integer> failures = new ConcurrentLinkedQueue<>();
        final Queue<String> ranges = new ConcurrentLinkedQueue<>();
        volatile String tag = "\"1\"";
        volatile int cut;
        private final HttpServer server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);

        Web() throws IOException {
            new Random(1).nextBytes(content);
            server.createContext("/blobs/image 1", this::answer);
            server.start();
            webs.add(this);
        }

        URI base() {
            return URI.create("http://localhost:" + server.getAddress().getPort() + "/blobs/");
        }

        private void answer(HttpExchange exchange) throws IOException {
            try (exchange) {
                var headers = exchange.getRequestHeaders();
                exchange.getResponseHeaders().set("ETag", tag);
                if (exchange.getRequestMethod().equals("HEAD")) {
                    exchange.getResponseHeaders().set("Content-Length", "" + content.length);
                    exchange.sendResponseHeaders(200, -1);
                    return;
                }
                Integer failure = failures.poll();
                if (failure == null && !tag.equals(headers.getFirst("If-Match"))) {
                    failure = 412;
                }
                if (failure != null) {
                    exchange.sendResponseHeaders(failure, -1);
                    return;
                }
                String range = headers.getFirst("Range");
                ranges.add(range);
                int dash = range.indexOf('-');
                byte[] body = Arrays.copyOfRange(
                        content,
                        Integer.parseInt(range.substring("bytes=".length(), dash)),
                        Integer.parseInt(range.substring(dash + 1)) + 1 - cut);
                exchange.sendResponseHeaders(206, body.length);
                exchange.getResponseBody().write(body);
            }
        }
    }

    @AfterEach
    void stop() {
        webs.forEach(each -> each.server.stop(0));
    }

    private WebSource open() throws IOException {
        return WebSource.open(HttpClient.newHttpClient(), web.base().resolve("image%201"));
    }

    private static byte[] read(WebSource source, long offset, int length) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(length);
            source.read(offset, target);
            return target.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    @Test
    void reads_ranges() throws IOException {
        WebSource source = open();
        assertEquals(web.content.length, source.size());
        assertEquals(web.base() + "image%201 \"1\"", source.identity());
        assertArrayEquals(Arrays.copyOfRange(web.content, 12_345, 22_345), read(source, 12_345, 10_000));
    }

    @Test
    void says_what_to_make_of_a_failure() throws IOException {
        WebSource source = open();
        web.failures.addAll(List.of(404, 403, 429, 503));
        assertThrows(NoSuchFileException.class, () -> read(source, 0, 1));
        assertThrows(PermanentException.class, () -> read(source, 0, 1));
        assertThrows(TransientException.class, () -> read(source, 0, 1));
        assertThrows(TransientException.class, () -> read(source, 0, 1));
        web.cut = 1;
        assertThrows(TransientException.class, () -> read(source, 0, 2), "a body that is too short");
        web.tag = "\"2\"";
        assertThrows(PermanentException.class, () -> read(source, 0, 1), "another version");
    }

    /** The stack of layers that the page shows, with two mirrors, under a kernel. */
    @Test
    void serves_mirrors_in_layers(@TempDir Path directory) throws Exception {
        var mirror = new Web();
        var stats = new BlobStats();
        var lists = new AccessLists(directory.resolve("access"));
        FakeKernel kernel = FakeKernel.create();
        try (LocalTier tier = LocalTier.open(directory.resolve("chunks"), 10 << 20, 64 << 10);
                var handler = new BlobHandler(WebHello.blobs(List.of(web.base(), mirror.base()), tier, lists, stats));
                OnDemandServer _ = OnDemandServer.builder(CachefilesChannel.open(
                                CacheOptions.builder(Path.of("/var/cache/web")).build(), kernel))
                        .handler(handler)
                        .start()) {
            FakeMount mount = kernel.mount("image 1");
            assertArrayEquals(Arrays.copyOf(web.content, 4096), mount.read(0, 4096));
            assertEquals(0, mirror.ranges.size());
            web.tag = "\"changed\"";
            assertArrayEquals(web.content, mount.read(0, web.content.length));
            assertTrue(mirror.ranges.size() > 0, "the other mirror has helped");
            mount.unmount();
            kernel.awaitOpenFds(0);
            assertThrows(IOException.class, () -> kernel.mount("../image 1"));
            kernel.mount("image 1").unmount();
        }
        KernelAssert.assertThat(kernel).isClean();
        assertEquals(0, stats.snapshot().failures());
        try (var files = Files.list(directory.resolve("access"))) {
            assertEquals(1, files.count());
        }
    }
}
