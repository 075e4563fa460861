// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.kerneltests.support.BlobServerCommand;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.FileHandler;
import dev.cachefiles.kerneltests.support.LoopDisk;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cache that was copied to another directory with {@code blob-server cache}, as it would be to another machine. */
class CacheCopyTest {
    private static final int SIZE = 600_001;

    @TempDir
    private Path directory;

    private OnDemandServer serve(Path cache, FileHandler handler) throws IOException {
        return OnDemandServer.builder(
                        CachefilesChannel.open(CacheOptions.builder(cache).build()))
                .handler(handler)
                .start();
    }

    private static String cacheCommand(String command, Path cache, Path archive) {
        return Shell.run(
                        "examples/blob-server/bin/blob-server",
                        "cache",
                        command,
                        "--cache-dir",
                        cache.toString(),
                        archive.toString())
                .orThrow();
    }

    private static void assertSame(Path expected, Path file) {
        Shell.run("cmp", expected.toString(), file.toString()).orThrow();
    }

    @Test
    void what_was_cached_is_not_asked_for_and_what_was_not_is() throws Exception {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Path one = SourceTree.write(tree.resolve("one"), new Random(1), SIZE);
        Path two = SourceTree.write(tree.resolve("two"), new Random(2), SIZE);
        Path blobs = Files.createDirectory(directory.resolve("blobs"));
        ErofsImage.make(blobs.resolve("a b.img"), tree);
        Path from = CacheDirectory.create();
        try (var server = serve(from, new FileHandler(blobs));
                var mount = ErofsMount.mount("domain_id=d,fsid=a b.img")) {
            assertSame(one, mount.file("one"));
            assertEquals(0, server.status().overdue());
        }
        Path archive = directory.resolve("cache.tar");
        assertTrue(cacheCommand("export", from, archive).contains("1 files"));
        try (LoopDisk disk = LoopDisk.create(512, 4096)) {
            Path to = disk.point();
            assertTrue(cacheCommand("import", to, archive).contains("1 files added"));
            try (LoopDisk later = disk.afterPowerCut()) {
                Shell.Result same = BlobServerCommand.run(
                        "cache", "verify", "--cache-dir", later.point().toString(), archive.toString());
                assertEquals(0, same.status(), same.toString());
            }
            assertServed(blobs, to, one, two);
        }
    }

    private void assertServed(Path blobs, Path to, Path one, Path two) throws IOException {

        var handler = new FileHandler(blobs);
        try (var server = serve(to, handler);
                var mount = ErofsMount.mount("domain_id=d,fsid=a b.img")) {
            assertSame(one, mount.file("one"));
            assertEquals(0, handler.reads("a b.img"));
            assertEquals(1, handler.opens("a b.img"));
            assertSame(two, mount.file("two"));
            assertTrue(handler.reads("a b.img") > 0, "what was a hole is one still");
            assertEquals(0, server.status().overdue());
        }
    }
}
