// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.FileHandler;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several mounts of one cache, and the same image mounted again. */
class SharingTest {
    @TempDir
    private static Path directory;

    private static Path tree;
    private static String expected;

    private FileHandler handler;
    private @Nullable OnDemandServer server;

    @BeforeAll
    static void makeTree() throws Exception {
        tree = SourceTree.create(directory.resolve("tree"), 2);
        expected = SourceTree.digests(tree);
        ErofsImage.make(directory.resolve("image"), tree);
    }

    @BeforeEach
    void serve() throws Exception {
        handler = new FileHandler(directory);
        server = serve(CacheDirectory.create(), handler);
    }

    private static OnDemandServer serve(Path cache, FileHandler handler) throws Exception {
        return OnDemandServer.builder(
                        CachefilesChannel.open(CacheOptions.builder(cache).build()))
                .handler(handler)
                .threads(2)
                .start();
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    @Test
    @Row(60)
    void a_domain_opens_a_shared_device_once() throws Exception {
        Path one = directory.resolve("one");
        Path two = directory.resolve("two");
        ErofsImage.make(one, tree, "--chunksize=4096", "--blobdev=" + directory.resolve("chunks"));
        Files.copy(one, two);
        try (var first = ErofsMount.mount("domain_id=shared,fsid=one,device=chunks");
                var second = ErofsMount.mount("domain_id=shared,fsid=two,device=chunks")) {
            assertEquals(expected, SourceTree.digests(first.point()));
            long reads = handler.reads("chunks");
            assertEquals(expected, SourceTree.digests(second.point()));
            assertEquals(reads, handler.reads("chunks"), "READs for chunks that the first mount has cached");
        }
        assertEquals(1, handler.opens("chunks"));
        assertEquals(List.of("erofs,shared"), handler.volumes());
    }

    @Test
    void several_mounts_at_once() throws Exception {
        List<ErofsMount> mounts = new ArrayList<>();
        try {
            for (int i = 0; i < 8; i++) {
                Path image = ErofsImage.make(directory.resolve("image-" + i), tree);
                mounts.add(ErofsMount.mount("fsid=" + image.getFileName()));
            }
            List<Thread> readers = new ArrayList<>();
            List<String> digests = java.util.Collections.synchronizedList(new ArrayList<>());
            for (ErofsMount mount : mounts) {
                readers.add(Thread.ofPlatform().start(() -> digests.add(SourceTree.digests(mount.point()))));
            }
            for (Thread reader : readers) {
                reader.join();
            }
            assertEquals(8, digests.size());
            digests.forEach(digest -> assertEquals(expected, digest));
        } finally {
            mounts.forEach(ErofsMount::close);
        }
    }

    @Test
    void the_same_image_remounted_is_served_from_the_cache() throws Exception {
        try (var mount = ErofsMount.mount("fsid=image")) {
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
        long reads = handler.reads("image");
        for (int i = 0; i < 3; i++) {
            try (var mount = ErofsMount.mount("fsid=image")) {
                assertEquals(expected, SourceTree.digests(mount.point()));
            }
        }
        assertEquals(reads, handler.reads("image"), "READs after everything was cached");
        assertEquals(4, handler.opens("image"));
    }

    @Test
    @Row(45)
    void a_new_server_goes_on_with_the_cache_of_the_one_before() throws Exception {
        Path cache = CacheDirectory.create();
        server.close();
        for (int i = 0; i < 2; i++) {
            var again = new FileHandler(directory);
            server = serve(cache, again);
            try (var mount = ErofsMount.mount("fsid=image")) {
                assertEquals(expected, SourceTree.digests(mount.point()));
            }
            assertEquals(i == 0, again.reads("image") > 0, "READs in session " + i);
            server.close();
        }
    }
}
