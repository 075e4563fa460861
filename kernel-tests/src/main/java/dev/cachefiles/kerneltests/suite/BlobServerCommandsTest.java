// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.kerneltests.support.BlobServerCommand;
import dev.cachefiles.kerneltests.support.BlobServerProcess;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that come with the example daemon, and its configuration file: all with one daemon, which never stops. */
class BlobServerCommandsTest {
    private static final String FIRST = "  first: {type: directory, path: first}";
    private static final String SECOND = "  second: {type: directory, path: second, domains: [late]}";
    private static final int LARGE = 20_000_000;

    @TempDir
    private static Path directory;

    private static Path first;
    private static Path cache;
    private static Path config;
    private static String expected;
    private static BlobServerProcess server;

    @BeforeAll
    static void serve() throws Exception {
        first = Files.createDirectory(directory.resolve("first"));
        Path second = Files.createDirectory(directory.resolve("second"));
        Path tree = SourceTree.create(directory.resolve("tree"), 4);
        ErofsImage.make(first.resolve("image"), tree);
        ErofsImage.make(second.resolve("late"), tree);
        expected = SourceTree.digests(tree);
        Path large = Files.createDirectory(directory.resolve("large-tree"));
        SourceTree.write(large.resolve("large"), new Random(8), LARGE);
        ErofsImage.make(first.resolve("large"), large);
        cache = CacheDirectory.create();
        config = directory.resolve("config.yaml");
        configure(FIRST);
        server = BlobServerProcess.run("serve", "--config", config.toString());
    }

    @AfterAll
    static void stop() throws Exception {
        assertEquals(0, server.terminate(), server.log());
    }

    @BeforeEach
    void reset() throws Exception {
        configure(FIRST);
        BlobServerCommand.run("reload").orThrow();
    }

    private static void configure(String... sources) throws IOException {
        Path next = Files.writeString(
                directory.resolve("next"),
                "cache:\n  directory: " + cache + "\nserver:\n  watch: 1h\nsources:\n" + String.join("\n", sources)
                        + "\n");
        Files.move(next, config, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String status() {
        return BlobServerCommand.run("status").orThrow();
    }

    @Test
    void a_reload_adds_a_source_while_images_are_mounted_and_a_broken_file_changes_nothing() throws Exception {
        try (var mount = ErofsMount.mount("fsid=image")) {
            assertNotEquals(0, ErofsMount.attempt("fsid=late", mount.point()).status());
            configure(FIRST, "  broken: {type: directory}");
            Shell.Result refused = BlobServerCommand.run("reload");
            assertEquals(1, refused.status());
            assertTrue(refused.errors().contains("config.yaml:7: 'path' is missing"), refused.errors());
            server.awaitLine("not reloaded, nothing is changed: " + config + ":7: 'path' is missing");

            configure(FIRST, SECOND);
            String told = BlobServerCommand.run("reload").orThrow();
            assertTrue(told.contains("2 sources, 1 of them new"), told);
            try (var late = ErofsMount.mount("fsid=late")) {
                configure(FIRST);
                BlobServerCommand.run("reload").orThrow();
                assertEquals(expected, SourceTree.digests(late.point()), "what is open keeps its source");
            }
            configure(FIRST, "  hup: {type: absent}");
            Shell.run("kill", "-HUP", Long.toString(server.process().pid())).orThrow();
            server.awaitLine("source 'hup' needs a type");
            assertEquals(expected, SourceTree.digests(mount.point()));
            assertNotEquals(0, ErofsMount.attempt("fsid=late", mount.point()).status());
        }
    }

    @Test
    void a_source_that_fails_does_not_disturb_one_that_works() throws Exception {
        // Its directory goes after the start: each lookup in it fails, and not for want of the blob.
        Path bad = Files.createDirectory(directory.resolve("bad"));
        Files.createSymbolicLink(bad.resolve("loop"), Path.of("loop"));
        configure("  bad: {type: directory, path: bad, names: [loop]}", FIRST);
        BlobServerCommand.run("reload").orThrow();
        Path point = Files.createTempDirectory("mnt");
        Shell.Result refused = BlobServerCommand.run("mount", "loop", point.toString());
        assertEquals(1, refused.status());
        assertTrue(refused.errors().contains("loop: source bad: "), refused.errors());
        server.awaitLine("source bad: ");
        try (var mount = ErofsMount.mount("fsid=image")) {
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
    }

    @Test
    void a_mount_that_fails_says_why_and_one_that_works_can_be_unmounted() throws Exception {
        Path point = directory.resolve("point");
        Shell.Result refused = BlobServerCommand.run("mount", "absent", point.toString());
        assertEquals(1, refused.status());
        assertTrue(refused.errors().contains("absent: no such file in " + first), refused.errors());

        BlobServerCommand.run("mount", "image", point.toString()).orThrow();
        assertEquals(expected, SourceTree.digests(point));
        assertTrue(status().contains("image: "), status());
        assertTrue(
                BlobServerCommand.run("mount", "image", directory.resolve("p2").toString())
                        .errors()
                        .contains("an image can be mounted once"));
        BlobServerCommand.run("umount", point.toString()).orThrow();
        assertNotEquals(0, Shell.run("mountpoint", "-q", point.toString()).status());
        assertTrue(BlobServerCommand.run("umount", point.toString()).errors().contains("nothing is mounted there"));
    }

    @Test
    void an_overlay_takes_what_is_written_and_keeps_it() throws Exception {
        Path point = directory.resolve("root");
        Path state = Files.createTempDirectory(Path.of("/cache"), "state");
        for (String text : new String[] {"one", "two"}) {
            BlobServerCommand.run("mount", "image", point.toString(), "--overlay", state.toString())
                    .orThrow();
            Shell.sh("echo $1 >>$2/written", text, point.toString()).orThrow();
            BlobServerCommand.run("umount", point.toString()).orThrow();
        }
        assertEquals("one\ntwo\n", Files.readString(state.resolve("upper/written")));
        assertNotEquals(0, Shell.sh("grep -q $1 /proc/mounts", state.toString()).status());
    }

    @Test
    void an_image_in_a_domain_with_a_device_is_mounted_and_pulled() throws Exception {
        Path tree = directory.resolve("tree");
        ErofsImage.make(
                first.resolve("chunked"), tree, "--chunksize=4096", "--blobdev=" + first.resolve("chunked-data"));
        Path point = directory.resolve("domain");
        String pulled = BlobServerCommand.run("pull", "chunked", "--domain", "d", "--device", "chunked-data")
                .orThrow();
        assertTrue(pulled.contains("chunked: 100% of ") && pulled.contains("chunked-data: 100% of "), pulled);
        assertTrue(
                Pattern.compile("chunked-data: ([0-9]{7}) bytes, \\1 of them fetched now")
                        .matcher(pulled)
                        .find(),
                pulled);
        BlobServerCommand.run("mount", "chunked", point.toString(), "--domain", "d", "--device", "chunked-data")
                .orThrow();
        try {
            assertEquals(expected, SourceTree.digests(point));
        } finally {
            BlobServerCommand.run("umount", point.toString()).orThrow();
        }
    }

    @Test
    void a_pull_fetches_what_is_missing_and_nothing_twice() throws Exception {
        try (var mount = ErofsMount.mount("fsid=large")) {
            Shell.sh("head -c 5000000 $1 >/dev/null", mount.file("large").toString())
                    .orThrow();
        }
        String pulled = BlobServerCommand.run("pull", "large").orThrow();
        assertTrue(pulled.contains("large: 100% of "), pulled);
        long missing = BlobServerCommand.fetched(pulled);
        assertTrue(missing > 0 && missing <= LARGE - 4_000_000, pulled);
        assertEquals(
                0,
                BlobServerCommand.fetched(BlobServerCommand.run("pull", "large").orThrow()));
        String reads = status().replaceAll("(?s).*(reads=[0-9]+).*", "$1");
        try (var mount = ErofsMount.mount("fsid=large")) {
            assertEquals(
                    0,
                    BlobServerCommand.fetched(
                            BlobServerCommand.run("pull", "large").orThrow()),
                    "also where it is mounted");
            Shell.run("cat", mount.file("large").toString()).status();
            assertTrue(status().contains(reads + " "), status() + " instead of " + reads);
        }
    }
}
