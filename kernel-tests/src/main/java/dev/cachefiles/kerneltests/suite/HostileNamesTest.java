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
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names that try to leave blob-server's directory. A domain lets them through to the daemon, whatever they hold. */
class HostileNamesTest {
    @TempDir
    private static Path directory;

    private static BlobServerProcess server;

    @BeforeAll
    static void serve() throws Exception {
        Path blobs = Files.createDirectory(directory.resolve("blobs"));
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.writeString(tree.resolve("file"), "the bytes");
        Path image = ErofsImage.make(blobs.resolve("image"), tree);
        Files.createDirectory(blobs.resolve("sub"));
        Files.copy(image, blobs.resolve("sub/image"));
        Files.copy(image, directory.resolve("outside"));
        Files.createSymbolicLink(blobs.resolve("escape"), directory.resolve("outside"));
        Files.createSymbolicLink(blobs.resolve("within"), Path.of("image"));
        Files.copy(image, blobs.resolve("a\nb"));
        Shell.run("mkfifo", blobs.resolve("pipe").toString()).orThrow();
        server = BlobServerProcess.start(CacheDirectory.create(), blobs);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** The name, and how a log line has it. */
    @ParameterizedTest
    @Row(59)
    @CsvSource({
        "..,hostile/..",
        ".,hostile/.",
        "/etc/passwd,hostile//etc/passwd",
        "../outside,hostile/../outside",
        "sub/image,hostile/sub/image",
        "escape,hostile/escape",
        "pipe,hostile/pipe",
        "sub,hostile/sub",
        "absent,hostile/absent",
        "'a\nb',hostile/a\\x0ab"
    })
    void is_refused_and_logged_and_the_server_goes_on(String name, String logged) throws Exception {
        assertNotEquals(
                0,
                ErofsMount.attempt("domain_id=hostile,fsid=" + name, Files.createTempDirectory("mnt"))
                        .status());
        server.awaitLine(logged);
        assertServes("image");
    }

    @Test
    void a_link_within_the_directory_is_followed() throws Exception {
        assertServes("within");
    }

    private static void assertServes(String name) throws Exception {
        assertTrue(server.process().isAlive(), server.log());
        try (var mount = ErofsMount.mount("domain_id=hostile,fsid=" + name)) {
            assertEquals(
                    "the bytes", Shell.run("cat", mount.file("file").toString()).orThrow());
        }
    }
}
