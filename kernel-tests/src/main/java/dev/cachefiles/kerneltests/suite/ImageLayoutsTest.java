// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.BlobServerProcess;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.DeviceTable;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images of every layout, served by blob-server: each file must read as in the tree that it was made of. */
class ImageLayoutsTest {
    @TempDir
    private static Path directory;

    private static Path blobs;
    private static Path tree;
    private static String expected;
    private static BlobServerProcess server;

    @BeforeAll
    static void serve() throws Exception {
        blobs = Files.createDirectory(directory.resolve("blobs"));
        tree = SourceTree.create(directory.resolve("tree"), 1);
        Files.writeString(tree.resolve("text"), "the same words again and again. ".repeat(20_000));
        expected = SourceTree.digests(tree);
        server = BlobServerProcess.start(CacheDirectory.create(), blobs);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void uncompressed() throws Exception {
        ErofsImage.make(blobs.resolve("flat"), tree, "-Enoinline_data");
        assertServed("fsid=flat");
    }

    @Test
    void tail_packed_inline() throws Exception {
        ErofsImage.make(blobs.resolve("inline"), tree);
        assertServed("fsid=inline");
    }

    @Test
    void extended_inodes() throws Exception {
        ErofsImage.make(blobs.resolve("extended"), tree, "-Eforce-inode-extended");
        assertServed("fsid=extended");
    }

    @Test
    void compressed() throws Exception {
        ErofsImage.make(blobs.resolve("compressed"), tree, "-zlz4hc", "-C65536");
        if (!kernelIsAtLeast(6, 12)) {
            // The kernel of 6.1 mounts the image, and refuses to read what is compressed in it.
            try (var mount = ErofsMount.mount("fsid=compressed")) {
                assertNotEquals(
                        0, Shell.run("cat", mount.file("text").toString()).status());
            }
            return;
        }
        assertServed("fsid=compressed");
    }

    @Test
    void chunked_with_an_extra_device() throws Exception {
        ErofsImage.make(
                blobs.resolve("chunked"), tree, "--chunksize=4096", "--blobdev=" + blobs.resolve("chunked-data"));
        assertServed("fsid=chunked,device=chunked-data");
    }

    @Test
    void chunked_within_the_image() throws Exception {
        ErofsImage.make(blobs.resolve("own-chunks"), tree, "--chunksize=65536");
        assertServed("fsid=own-chunks");
    }

    @Test
    void two_extra_devices() throws Exception {
        Path image = blobs.resolve("two");
        Path chunks = blobs.resolve("two-data");
        ErofsImage.make(image, tree, "--chunksize=4096", "--blobdev=" + chunks);
        List<Long> inodes;
        try (var mount = ErofsMount.mount("fsid=two,device=two-data")) {
            inodes = Shell.run("find", mount.point().toString(), "-type", "f", "-printf", "%i\\n")
                    .orThrow()
                    .lines()
                    .map(Long::valueOf)
                    .toList();
        }
        DeviceTable.split(
                image, chunks, inodes, blobs.resolve("split"), blobs.resolve("half-1"), blobs.resolve("half-2"));
        assertServed("fsid=split,device=half-1,device=half-2");
    }

    @Test
    void device_table_without_the_mount_option() throws Exception {
        Path image = directory.resolve("untagged");
        ErofsImage.make(image, tree, "--chunksize=4096", "--blobdev=" + blobs.resolve("tagged-chunks"));
        DeviceTable.setTag(image, blobs.resolve("tagged"), "tagged-chunks");
        assertServed("fsid=tagged");
    }

    @Test
    @Row(31)
    void readers_in_parallel() throws Exception {
        ErofsImage.make(blobs.resolve("parallel"), tree);
        try (var mount = ErofsMount.mount("fsid=parallel")) {
            assertEquals(SourceTree.sortedDigests(tree), SourceTree.digestsInParallel(mount.point()));
        }
    }

    private void assertServed(String options) throws Exception {
        try (var mount = ErofsMount.mount(options)) {
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
        // What was in the page cache went with the mount.
        try (var mount = ErofsMount.mount(options)) {
            assertEquals(expected, SourceTree.digests(mount.point()), "from the cache file");
        }
        assertTrue(server.process().isAlive(), server.log());
    }

    private static boolean kernelIsAtLeast(int major, int minor) {
        String[] version = Shell.run("uname", "-r").orThrow().strip().split("[.-]", -1);
        int actualMajor = Integer.parseInt(version[0]);
        return actualMajor > major || (actualMajor == major && Integer.parseInt(version[1]) >= minor);
    }
}
