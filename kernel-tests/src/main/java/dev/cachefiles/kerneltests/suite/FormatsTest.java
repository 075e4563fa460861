// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import dev.cachefiles.kerneltests.support.BlobServerProcess;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.RafsImage;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.commons.codec.digest.Blake3;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blobs that the example daemon makes of what other tools have made. */
class FormatsTest {
    private static final String LARGE = "file-1000003";

    @TempDir
    private static Path directory;

    private static Path tree;
    private static String expected;

    @BeforeAll
    static void prepare() throws Exception {
        tree = SourceTree.create(directory.resolve("tree"), 8);
        expected = SourceTree.digests(tree);
    }

    /** Leaves a store and an index, and no image; gives the image's bytes. */
    private static byte[] casync(Path place, String... options) throws Exception {
        Files.createDirectories(place);
        Path image = ErofsImage.make(place.resolve("image"), tree);
        var command = new java.util.ArrayList<>(List.of("casync", "make", "--store=" + place.resolve("default.castr")));
        command.addAll(List.of(options));
        command.addAll(List.of(place.resolve("image.caibx").toString(), image.toString()));
        Shell.run(command.toArray(String[]::new)).orThrow();
        byte[] bytes = Files.readAllBytes(image);
        Files.delete(image);
        return bytes;
    }

    @Test
    void a_damaged_chunk_of_a_casync_store_gives_eio_until_it_is_repaired() throws Exception {
        Path place = directory.resolve("casync");
        byte[] image = casync(place);
        Path chunk = chunkOf(place, image, Files.readAllBytes(tree.resolve(LARGE)));
        byte[] whole = Files.readAllBytes(chunk);
        assertTrue(chunk.toFile().setWritable(true));
        Files.write(chunk, Arrays.copyOf(whole, whole.length / 2));
        try (var server = serve("casync:" + place);
                var mount = ErofsMount.mount("fsid=image")) {
            assertOnlyLargeFails(mount);
            server.awaitLine(chunk.getFileName().toString());
            Files.write(chunk, whole);
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
    }

    @Test
    void a_casync_store_is_served_from_a_web_server() throws Exception {
        Path place = directory.resolve("casync-web");
        casync(place, "--digest=sha256", "--compression=gzip");
        HttpServer web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.createContext("/", SimpleFileServer.createFileHandler(place));
        web.start();
        try (var server = serve("casync:http://127.0.0.1:" + web.getAddress().getPort());
                var mount = ErofsMount.mount("fsid=image")) {
            assertEquals(expected, SourceTree.digests(mount.point()), server.log());
        } finally {
            web.stop(0);
        }
    }

    /** The chunk that has the middle of a file, by looking for that in the image and then into the index. */
    private static Path chunkOf(Path place, byte[] image, byte[] file) throws Exception {
        int middle = file.length / 2;
        int at = 0;
        while (Arrays.mismatch(image, at, at + 64, file, middle, middle + 64) >= 0) {
            at++;
        }
        ByteBuffer index = ByteBuffer.wrap(Files.readAllBytes(place.resolve("image.caibx")))
                .order(ByteOrder.LITTLE_ENDIAN);
        int item = 64;
        while (index.getLong(item) <= at) {
            item += 40;
        }
        String id = HexFormat.of().formatHex(index.array(), item + 8, item + 40);
        return place.resolve("default.castr").resolve(id.substring(0, 4)).resolve(id + ".cacnk");
    }

    @Test
    void a_rafs_image_with_plain_chunks_is_served_and_checked() throws Exception {
        servesAndChecks(RafsImage.Packing.NONE);
    }

    @Test
    void a_rafs_image_with_lz4_chunks_is_served_and_checked() throws Exception {
        servesAndChecks(RafsImage.Packing.LZ4);
    }

    @Test
    void a_rafs_image_with_zstd_chunks_is_served_and_checked() throws Exception {
        servesAndChecks(RafsImage.Packing.ZSTD);
    }

    private static void servesAndChecks(RafsImage.Packing packing) throws Exception {
        Path place = Files.createDirectory(directory.resolve("rafs-" + packing));
        RafsImage image = RafsImage.make(place, "image.boot", tree, packing);
        byte[] whole = Files.readAllBytes(image.blob());
        byte[] damaged = whole.clone();
        damaged[Math.toIntExact(image.storedOffset(chunkOfLarge(image))) + 100] ^= 1;
        Files.write(image.blob(), damaged);
        try (var server = serve("nydus:" + place)) {
            try (var mount = ErofsMount.mount("fsid=image.boot")) {
                assertOnlyLargeFails(mount);
                server.awaitLine("blob " + image.blob().getFileName() + ": chunk");
                Files.write(image.blob(), whole);
                assertEquals(expected, SourceTree.digests(mount.point()), server.log());
            }
            try (var mount = ErofsMount.mount("domain_id=d,fsid=image.boot")) {
                assertEquals(expected, SourceTree.digests(mount.point()), server.log());
            }
        }
    }

    /** A chunk that has nothing but bytes of the large file: random bytes are stored as they are. */
    private static int chunkOfLarge(RafsImage image) throws Exception {
        byte[] large = Files.readAllBytes(tree.resolve(LARGE));
        byte[] blob = Files.readAllBytes(image.blob());
        int middle = large.length / 2;
        int at = 0;
        while (Arrays.mismatch(blob, at, at + 64, large, middle, middle + 64) >= 0) {
            at++;
        }
        int chunk = 0;
        while (image.storedOffset(chunk + 1) <= at) {
            chunk++;
        }
        return chunk;
    }

    /** Images that others have made; see docs/TESTING.md. Their chunks' digests must be those of the files. */
    @Test
    void images_of_nydus_have_the_digests_that_they_state() throws Exception {
        String images = System.getProperty("cachefiles.nydus.images", "");
        Assumptions.assumeFalse(images.isEmpty(), "CACHEFILES_NYDUS_IMAGES names no directory with images of Nydus");
        List<Path> bootstraps;
        try (var files = Files.list(Path.of(images))) {
            bootstraps = files.filter(file -> file.toString().endsWith(".boot")).toList();
        }
        assertFalse(bootstraps.isEmpty(), images + " has no file called *.boot");
        try (var server = serve("nydus:" + images)) {
            for (Path bootstrap : bootstraps) {
                byte[] bytes = Files.readAllBytes(bootstrap);
                ByteBuffer image = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
                try (var mount = ErofsMount.mount("fsid=" + bootstrap.getFileName());
                        var files = Files.walk(mount.point())) {
                    Set<String> found = new TreeSet<>();
                    for (Path file : files.filter(Files::isRegularFile).toList()) {
                        addDigests(found, image, Files.readAllBytes(file));
                    }
                    assertEquals(statedDigests(bytes), found, server.log());
                }
            }
        }
    }

    private static Set<String> statedDigests(byte[] bytes) {
        ByteBuffer image = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        Set<String> stated = new TreeSet<>();
        int table = (int) image.getLong(1152 + 24);
        for (int at = table; at < table + image.getLong(1152 + 32); at += 80) {
            stated.add(HexFormat.of().formatHex(bytes, at, at + 32));
        }
        return stated;
    }

    private static void addDigests(Set<String> digests, ByteBuffer image, byte[] file) throws Exception {
        boolean blake3 = (image.getLong(1152) & 0x4) != 0;
        int chunkSize = image.getInt(1152 + 20);
        for (int at = 0; at < file.length; at += chunkSize) {
            byte[] chunk = Arrays.copyOfRange(file, at, Math.min(file.length, at + chunkSize));
            digests.add(HexFormat.of()
                    .formatHex(
                            blake3
                                    ? Blake3.hash(chunk)
                                    : MessageDigest.getInstance("SHA-256").digest(chunk)));
        }
    }

    private static void assertOnlyLargeFails(ErofsMount mount) throws Exception {
        Shell.Result large = Shell.run("cat", mount.file(LARGE).toString());
        assertNotEquals(0, large.status());
        assertTrue(large.errors().contains("Input/output error"), large.errors());
        // Not a byte of another file, and none before the damaged chunk's page of this one, is affected.
        byte[] start = Files.readAllBytes(tree.resolve(LARGE));
        Shell.Result head =
                Shell.sh("head -c 4096 \"$1\" | sha256sum", mount.file(LARGE).toString());
        assertEquals(
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Arrays.copyOf(start, 4096))),
                head.orThrow().substring(0, 64));
        for (String name : List.of("file-131073", "file-131072", "file-12345", "deep/small-7")) {
            assertArrayEquals(Files.readAllBytes(tree.resolve(name)), Files.readAllBytes(mount.file(name)), name);
        }
    }

    private static BlobServerProcess serve(String source) throws Exception {
        // The emulated machine takes long to load what speaks HTTP and unpacks.
        return BlobServerProcess.run(
                "--cache-dir",
                CacheDirectory.create().toString(),
                "--source",
                source,
                "--open-deadline",
                "120",
                "--read-deadline",
                "120");
    }
}
