// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An image that was changed under its name while no one served: the cache has a part of the former. */
class BlobServerChangedTest {
    private static final int SIZE = 3_000_000;

    @TempDir
    private Path directory;

    private Path image(String name, long seed) throws IOException {
        Path tree = Files.createDirectory(directory.resolve(name + "-tree"));
        SourceTree.write(tree.resolve("one"), new Random(seed), SIZE);
        SourceTree.write(tree.resolve("two"), new Random(seed + 1), SIZE);
        return ErofsImage.make(directory.resolve(name), tree);
    }

    @Test
    void a_changed_image_is_refused_until_its_bytes_are_culled_as_the_message_says() throws Exception {
        Path blobs = Files.createDirectory(directory.resolve("blobs"));
        Path former = image("former", 1);
        Path changed = image("changed", 3);
        assertEquals(Files.size(former), Files.size(changed), "the kernel itself sees no difference");
        Files.copy(former, blobs.resolve("image"));
        Path cache = CacheDirectory.create();
        try (var server = BlobServerProcess.start(cache, blobs)) {
            try (var mount = ErofsMount.mount("fsid=image")) {
                Shell.run("cmp", mount.file("one").toString(), directory + "/former-tree/one")
                        .orThrow();
            }
            assertEquals(0, server.terminate(), server.log());
        }
        Files.copy(changed, blobs.resolve("image"), StandardCopyOption.REPLACE_EXISTING);
        try (var _ = BlobServerProcess.start(cache, blobs)) {
            String point = Files.createTempDirectory("mnt").toString();
            String refused = BlobServerCommand.run("mount", "image", point).errors();
            String command = "blob-server cache cull --domain=image --name=image";
            assertTrue(refused.contains("the cache has bytes of another version"), refused);
            assertTrue(refused.strip().endsWith(command), refused);
            String[] words = command.substring("blob-server ".length()).split(" ");
            assertEquals(
                    "culled erofs,image/image\n", BlobServerCommand.run(words).orThrow());
            try (var mount = ErofsMount.mount("fsid=image")) {
                assertEquals(SourceTree.digests(directory.resolve("changed-tree")), SourceTree.digests(mount.point()));
            }
        }
    }
}
