// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.kerneltests.support.BlobServerCommand;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pull without a daemon. */
class BlobServerPullTest {
    @TempDir
    private Path directory;

    @Test
    void a_pull_serves_by_itself_and_keeps_what_it_has_fetched() throws Exception {
        Path blobs = Files.createDirectory(directory.resolve("blobs"));
        ErofsImage.make(blobs.resolve("image"), SourceTree.create(directory.resolve("tree"), 4));
        Path cache = CacheDirectory.create();
        String[] pull = {"pull", "--cache-dir", cache.toString(), "--blobs", blobs.toString(), "image"};
        long fetched = BlobServerCommand.fetched(BlobServerCommand.run(pull).orThrow());
        // The mount itself has read the first blocks.
        assertTrue(fetched > 0 && fetched < Files.size(blobs.resolve("image")), () -> fetched + " bytes");
        assertEquals(0, BlobServerCommand.fetched(BlobServerCommand.run(pull).orThrow()));
        assertTrue(BlobServerCommand.run("status").errors().contains("no blob-server answers"));
    }
}
