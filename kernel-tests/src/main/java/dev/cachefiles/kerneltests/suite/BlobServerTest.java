// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.BlobServerProcess;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example daemon as its users meet it. */
class BlobServerTest {
    @TempDir
    private static Path directory;

    private static Path blobs;
    private static Path tree;
    private static String expected;

    @BeforeAll
    static void prepare() throws Exception {
        blobs = Files.createDirectory(directory.resolve("blobs"));
        tree = SourceTree.create(directory.resolve("tree"), 4);
        ErofsImage.make(blobs.resolve("image"), tree);
        expected = SourceTree.digests(tree);
    }

    @Test
    void sigterm_ends_it_cleanly_and_frees_the_device() throws Exception {
        Path cache = CacheDirectory.create();
        try (var server = BlobServerProcess.start(cache, blobs)) {
            assertServes(server);
            assertEquals(0, server.terminate(), server.log());
        }
        try (var server = BlobServerProcess.start(cache, blobs)) {
            assertServes(server);
        }
    }

    @Test
    void sigterm_in_the_middle_of_reads_leaves_no_reader_waiting() throws Exception {
        Path large = Files.createDirectory(directory.resolve("large-tree"));
        SourceTree.write(large.resolve("large"), new Random(5), 30_000_000);
        ErofsImage.make(blobs.resolve("large"), large);
        try (var server = BlobServerProcess.start(CacheDirectory.create(), blobs)) {
            var mount = ErofsMount.mount("fsid=large");
            Shell.Running reader = Shell.start(
                    "sh",
                    "-c",
                    "dd if=\"$1\" of=/dev/null bs=64k",
                    "sh",
                    mount.file("large").toString());
            assertEquals(0, server.terminate(), server.log());
            reader.await();
            mount.close();
        }
    }

    @Test
    @Row(42)
    void kill_9_leaves_the_cache_and_the_device_usable() throws Exception {
        Path cache = CacheDirectory.create();
        try (var server = BlobServerProcess.start(cache, blobs)) {
            assertServes(server);
            server.process().destroyForcibly().waitFor();
        }
        try (var server = BlobServerProcess.start(cache, blobs)) {
            assertServes(server);
        }
    }

    @Test
    void a_busy_device_is_one_clear_line() throws Exception {
        try (var server = BlobServerProcess.start(CacheDirectory.create(), blobs)) {
            Shell.Result second = Shell.run(
                    "examples/blob-server/bin/blob-server",
                    "--cache-dir",
                    CacheDirectory.create().toString(),
                    "--blobs",
                    blobs.toString());
            assertEquals(1, second.status());
            assertTrue(second.errors().contains("/dev/cachefiles: EBUSY (16)"), second.errors());
            assertServes(server);
        }
    }

    @Test
    void a_blob_that_is_truncated_under_it_gives_eio_and_it_goes_on() throws Exception {
        Path shrinking = Files.createDirectory(directory.resolve("shrinking-tree"));
        SourceTree.write(shrinking.resolve("large"), new Random(6), 3_000_000);
        Path image = ErofsImage.make(blobs.resolve("shrinks"), shrinking);
        try (var server = BlobServerProcess.start(CacheDirectory.create(), blobs)) {
            try (var mount = ErofsMount.mount("fsid=shrinks")) {
                try (var file = Files.newByteChannel(image, java.nio.file.StandardOpenOption.WRITE)) {
                    file.truncate(8192);
                }
                assertNotEquals(
                        0, Shell.run("cat", mount.file("large").toString()).status());
            }
            assertServes(server);
        }
    }

    @Test
    void four_threads_serve_readers_in_parallel() throws Exception {
        try (var server = BlobServerProcess.start(CacheDirectory.create(), blobs, "--threads", "4");
                var mount = ErofsMount.mount("fsid=image")) {
            assertEquals(SourceTree.sortedDigests(tree), SourceTree.digestsInParallel(mount.point()));
            assertTrue(server.process().isAlive());
        }
    }

    private static void assertServes(BlobServerProcess server) throws Exception {
        assertTrue(server.process().isAlive(), server.log());
        try (var mount = ErofsMount.mount("fsid=image")) {
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
    }
}
