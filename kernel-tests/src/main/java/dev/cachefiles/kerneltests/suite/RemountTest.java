// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.FileHandler;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code mount -o remount} of an image that is mounted on demand. */
class RemountTest {

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"fsid=a.img", "fsid=a.img,domain_id=d"})
    void another_name_changes_nothing(String options) throws Exception {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Path file = SourceTree.write(tree.resolve("file"), new Random(1), 300_000);
        Path blobs = Files.createDirectory(directory.resolve("blobs"));
        ErofsImage.make(blobs.resolve("a.img"), tree);
        var handler = new FileHandler(blobs);
        var cache = CacheOptions.builder(CacheDirectory.create()).build();
        try (var server = OnDemandServer.builder(CachefilesChannel.open(cache))
                .handler(handler)
                .start()) {
            try (var mount = ErofsMount.mount(options)) {
                String before = mounted(mount.point());
                // Refused or not: what counts is what becomes of the mount.
                Shell.run(
                        "mount",
                        "-o",
                        "remount,fsid=b.img,domain_id=e",
                        mount.point().toString());
                assertEquals(before, mounted(mount.point()));
                Shell.run("cmp", file.toString(), mount.file("file").toString()).orThrow();
            }
            try (var mount = ErofsMount.mount(options)) {
                Shell.run("cmp", file.toString(), mount.file("file").toString()).orThrow();
            }
            assertEquals(2, handler.opens("a.img"));
            assertEquals(0, handler.opens("b.img"));
            assertEquals(0, server.status().overdue());
        }
    }

    private static String mounted(Path point) throws Exception {
        return Files.readAllLines(Path.of("/proc/mounts")).stream()
                .filter(line -> line.contains(" " + point + " "))
                .findFirst()
                .orElseThrow();
    }
}
