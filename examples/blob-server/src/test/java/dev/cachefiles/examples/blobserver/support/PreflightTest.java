// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreflightTest {

    @TempDir
    Path temporary;

    private Path blobs;

    @BeforeEach
    void makeBlobs() throws IOException {
        blobs = Files.createDirectory(temporary.resolve("blobs"));
    }

    private Preflight preflight(Path cache, String... mountInfo) throws IOException {
        Path table = Files.writeString(temporary.resolve("mountinfo"), String.join("\n", mountInfo));
        return new Preflight(MountTable.read(table), "--cache-dir", cache);
    }

    private void check(Path cache, String... mountInfo) throws IOException {
        Preflight preflight = preflight(cache, mountInfo);
        preflight.blobs("--blobs", blobs);
        preflight.cache();
    }

    private Path checkBlobs(Path directory, String... mountInfo) throws IOException {
        return preflight(temporary.resolve("cache"), mountInfo).blobs("--blobs", directory);
    }

    private static void assertRefused(String message, org.junit.jupiter.api.function.Executable check) {
        assertEquals(message, assertThrows(Refusal.class, check).getMessage());
    }

    @Test
    void makesTheCacheDirectory() throws IOException {
        Path cache = temporary.resolve("var/cache");
        check(cache);
        assertTrue(Files.isDirectory(cache));
    }

    @Test
    void refusesACacheAmongTheBlobs() throws IOException {
        Path cache = blobs.resolve("a/cache");
        assertRefused(
                "--cache-dir " + cache + ": is inside --blobs " + blobs
                        + ", so that cache files would be served as blobs; keep the two apart",
                () -> check(cache));
        assertFalse(Files.exists(blobs.resolve("a")), "nothing is made in the wrong place");
        assertThrows(Refusal.class, () -> check(blobs));
    }

    @Test
    void refusesACacheThatALinkPutsAmongTheBlobs() throws IOException {
        Path link = Files.createSymbolicLink(temporary.resolve("link"), blobs);
        assertThrows(Refusal.class, () -> check(link.resolve("cache")));
    }

    @Test
    void refusesACacheThatIsAFile() throws IOException {
        Path file = Files.createFile(temporary.resolve("file"));
        assertRefused("--cache-dir " + file + ": is not a directory", () -> check(file));
    }

    @Test
    void refusesACacheThatCannotBeMade() throws IOException {
        Path below = Files.createFile(temporary.resolve("file")).resolve("cache");
        assertTrue(assertThrows(Refusal.class, () -> check(below))
                .getMessage()
                .startsWith("--cache-dir " + below + ": cannot be created: "));
    }

    @Test
    void refusesACacheOnErofs() throws IOException {
        Path cache = Files.createDirectory(temporary.resolve("cache"));
        assertRefused(
                "--cache-dir " + cache + ": is on an erofs mount (" + temporary
                        + "), where nothing can be written; use a directory on ext4 or xfs",
                () -> check(cache, "30 1 0:30 / " + temporary + " ro,relatime - erofs /dev/vdb ro"));
    }

    @Test
    void refusesBlobsOnAMountThatTheDaemonWouldServe() throws IOException {
        assertRefused(
                "--blobs " + blobs + ": is on an on-demand erofs mount (" + temporary
                        + "), whose pages this daemon would have to supply to itself",
                () -> checkBlobs(blobs, "30 1 0:30 / " + temporary + " ro shared:1 - erofs none ro,fsid=image"));
    }

    @Test
    void takesBlobsOnErofsOfABlockDevice() throws IOException {
        Path real = checkBlobs(blobs, "30 1 0:30 / " + temporary + " ro - erofs /dev/vdb ro,user_xattr");
        assertEquals(blobs.toRealPath(), real);
    }

    @Test
    void looksAtTheMountThatLiesOnTop() throws IOException {
        checkBlobs(
                blobs,
                "20 1 0:20 / / rw - ext4 /dev/vda rw",
                "30 1 0:30 / " + temporary + " ro - erofs none ro,fsid=image",
                "31 1 0:31 / " + temporary + " rw - tmpfs none rw");
    }

    @Test
    void refusesBlobsThatAreNotThere() throws IOException {
        Path absent = temporary.resolve("absent");
        assertRefused("--blobs " + absent + ": does not exist", () -> checkBlobs(absent));
        Path file = Files.createFile(temporary.resolve("file"));
        assertRefused("--blobs " + file + ": is not a directory", () -> checkBlobs(file));
    }

    @Test
    void readsMountPointsWithBlanks() throws IOException {
        Path odd = Files.createDirectory(temporary.resolve("with blank"));
        assertThrows(
                Refusal.class,
                () -> checkBlobs(odd, "30 1 0:30 / " + temporary + "/with\\040blank ro - erofs none ro,fsid=image"));
    }

    @Test
    void aSystemWithoutTheTableIsNoObstacle() throws IOException {
        new Preflight(MountTable.read(temporary.resolve("absent")), "--cache-dir", temporary.resolve("cache"))
                .blobs("--blobs", blobs);
    }

    @Test
    void theRunningCodeIsFine() throws IOException {
        new Preflight(MountTable.read(MountTable.SELF), "--cache-dir", temporary).ownCode();
    }
}
