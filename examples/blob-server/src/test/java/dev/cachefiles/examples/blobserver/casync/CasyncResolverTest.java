// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.casync;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.chunk.ChunkDigest;
import dev.cachefiles.examples.blobserver.chunk.SourceBytes;
import dev.cachefiles.examples.blobserver.http.Authorization;
import dev.cachefiles.examples.blobserver.http.HttpTransport;
import dev.cachefiles.examples.blobserver.sources.DirectoryResolver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CasyncResolverTest {
    private static final byte[] BLOB = blob();

    @TempDir
    private Path directory;

    private Path store;
    private IndexFile index;

    private static byte[] blob() {
        byte[] blob = new byte[50_000];
        new Random(5).nextBytes(blob);
        Arrays.fill(blob, 10_000, 20_000, (byte) 0);
        return blob;
    }

    @BeforeEach
    void prepare() throws IOException {
        store = directory.resolve("default.castr");
        index = IndexFile.of(ChunkDigest.SHA_512_256, BLOB);
        Files.write(directory.resolve("image.caibx"), index.bytes());
    }

    private static BlobKey key(String name) {
        return new BlobKey("d", StandardCharsets.UTF_8.encode(name));
    }

    private CasyncResolver resolver(ChunkFiles files) throws IOException {
        return new CasyncResolver(new DirectoryResolver(directory), new ChunkStore(files, 1 << 20));
    }

    private CasyncResolver resolver() throws IOException {
        return resolver(new DirectoryChunkFiles(store));
    }

    @ParameterizedTest
    @CsvSource({"true, image", "false, image", "true, image.caibx"})
    void givesTheBytesOfABlobFromAnyOffset(boolean packed, String name) throws IOException {
        index.store(store, packed);
        try (BlobSource source = resolver().resolve(key(name))) {
            assertEquals(BLOB.length, source.size());
            assertArrayEquals(BLOB, SourceBytes.read(source, 0, BLOB.length));
            var random = new Random(6);
            for (int i = 0; i < 300; i++) {
                int offset = random.nextInt(BLOB.length);
                int length = 1 + random.nextInt(Math.min(5000, BLOB.length - offset));
                assertArrayEquals(
                        Arrays.copyOfRange(BLOB, offset, offset + length), SourceBytes.read(source, offset, length));
            }
        }
    }

    @Test
    void namesABlobByItsIndex() throws IOException {
        try (BlobSource source = resolver().resolve(key("image"))) {
            assertEquals("casync:sha256:" + ChunkDigest.SHA_256.of(index.bytes()), source.identity());
        }
    }

    @Test
    void refusesAChunkThatIsDamagedUntilItIsRepaired() throws IOException {
        index.store(store, true);
        int chunk = 60;
        int offset =
                index.chunks().stream().limit(chunk).mapToInt(c -> c.length).sum();
        Path file = index.path(store, chunk, true);
        byte[] whole = Files.readAllBytes(file);
        try (BlobSource source = resolver().resolve(key("image"))) {
            for (byte[] damaged : damaged(whole, index.chunks().get(chunk).length)) {
                Files.write(file, damaged);
                var failure = assertThrows(WrongBytesException.class, () -> SourceBytes.read(source, offset, 1));
                assertTrue(failure.getMessage().contains(file.getFileName().toString()), failure.getMessage());
                assertArrayEquals(Arrays.copyOf(BLOB, offset), SourceBytes.read(source, 0, offset));
            }
            Files.delete(file);
            assertThrows(NoSuchFileException.class, () -> SourceBytes.read(source, offset, 1));
            Files.write(file, whole);
            assertArrayEquals(BLOB, SourceBytes.read(source, 0, BLOB.length));
        }
    }

    private static List<byte[]> damaged(byte[] whole, int size) {
        byte[] flipped = whole.clone();
        flipped[flipped.length / 2] ^= 1;
        byte[] otherChunk = com.github.luben.zstd.Zstd.compress(new byte[size]);
        return List.of(
                flipped,
                Arrays.copyOf(whole, whole.length - 1),
                new byte[0],
                new byte[100_000],
                otherChunk,
                com.github.luben.zstd.Zstd.compress(new byte[size + 1]));
    }

    @Test
    void saysThatXzIsNotServed() throws IOException {
        index.store(store, true);
        Files.write(index.path(store, 0, true), new byte[] {(byte) 0xfd, '7', 'z', 'X', 'Z', 0, 0});
        try (BlobSource source = resolver().resolve(key("image"))) {
            var failure = assertThrows(IOException.class, () -> SourceBytes.read(source, 0, 1));
            assertTrue(failure.getMessage().contains("--compression=zstd"), failure.getMessage());
        }
    }

    @Test
    void hasNoBlobWithoutAnIndexAndNoneOutside() throws IOException {
        assertThrows(NoSuchFileException.class, () -> resolver().resolve(key("other")));
        assertThrows(AccessDeniedException.class, () -> resolver().resolve(key("../image")));
        Files.write(directory.resolve("bad.caibx"), new byte[200]);
        assertThrows(WrongBytesException.class, () -> resolver().resolve(key("bad")));
    }

    @Test
    void fetchesEachChunkOfAWebServerOnceForAllBlobs() throws IOException {
        index.store(store, true);
        Files.copy(directory.resolve("image.caibx"), directory.resolve("same.caibx"));
        var asked = Collections.synchronizedList(new ArrayList<String>());
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var handler = SimpleFileServer.createFileHandler(directory);
        server.createContext("/", exchange -> {
            asked.add(exchange.getRequestURI().getPath());
            handler.handle(exchange);
        });
        server.start();
        var transport = new HttpTransport(
                new HttpTransport.Options(Duration.ofSeconds(20), Duration.ofSeconds(20), false, null));
        URI base = URI.create("http://localhost:" + server.getAddress().getPort() + "/default.castr/");
        try (var resolver = resolver(new HttpChunkFiles(base, transport, Authorization.NONE));
                BlobSource one = resolver.resolve(key("image"));
                BlobSource other = resolver.resolve(key("same"))) {
            assertArrayEquals(BLOB, SourceBytes.read(one, 0, BLOB.length));
            assertArrayEquals(BLOB, SourceBytes.read(other, 0, BLOB.length));
            assertEquals(new HashSet<>(asked).size(), asked.size());
            Path file = index.path(store, 3, true);
            assertTrue(asked.contains("/" + directory.relativize(file)), asked::toString);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void failsWhenAWebServerHasNoChunkAndGoesOnWhenItHas() throws IOException {
        index.store(store, false);
        Path file = index.path(store, 3, false);
        byte[] whole = Files.readAllBytes(file);
        Files.delete(file);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", SimpleFileServer.createFileHandler(store));
        server.start();
        var transport = new HttpTransport(
                new HttpTransport.Options(Duration.ofSeconds(20), Duration.ofSeconds(20), false, null));
        URI base = URI.create("http://localhost:" + server.getAddress().getPort() + "/");
        try (var resolver = resolver(new HttpChunkFiles(base, transport, Authorization.NONE));
                BlobSource source = resolver.resolve(key("image"))) {
            assertThrows(NoSuchFileException.class, () -> SourceBytes.read(source, 0, BLOB.length));
            Files.write(file, whole);
            assertArrayEquals(BLOB, SourceBytes.read(source, 0, BLOB.length));
        } finally {
            server.stop(0);
        }
    }
}
