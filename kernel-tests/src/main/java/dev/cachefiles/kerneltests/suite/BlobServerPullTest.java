// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.kerneltests.support.BlobServerCommand;
import dev.cachefiles.kerneltests.support.BlobServerProcess;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.Nginx;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import dev.cachefiles.kerneltests.support.TlsFiles;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pulls: by a process of their own, and by a daemon; to the end, and ended in the middle. */
class BlobServerPullTest {
    private static final int SIZE = 30_000_000;

    /** A pull fetches by four threads, in pieces of this size. */
    private static final int PIECE = 2 << 20;

    private static final int THREADS = 4;

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

    /** A web server with an image, and the options of a daemon that serves it. */
    private record Web(Nginx nginx, Path tree, long size, List<String> options) implements AutoCloseable {
        static Web start(Path directory) throws IOException {
            Path tree = Files.createDirectory(directory.resolve("tree"));
            SourceTree.write(tree.resolve("file"), new Random(5), SIZE);
            Path images = Files.createDirectory(directory.resolve("images"));
            Path image = ErofsImage.make(images.resolve("image"), tree);
            TlsFiles tls = TlsFiles.create();
            Path credentials = Files.writeString(directory.resolve("credentials"), "me:secret\n");
            return new Web(
                    Nginx.start(images, tls, "limit_rate 500k;"),
                    tree,
                    Files.size(image),
                    List.of(
                            "--cache-dir",
                            CacheDirectory.create().toString(),
                            "--source",
                            "https://127.0.0.1:8443/images/",
                            "--set",
                            "ca=" + tls.certificate(),
                            "--set",
                            "credentials-file=" + credentials,
                            "--set",
                            "timeout=60s",
                            "--open-deadline=150s",
                            "--read-deadline=150s"));
        }

        String[] command(String... words) {
            var command = new ArrayList<>(List.of(words));
            command.addAll(options);
            return command.toArray(String[]::new);
        }

        /** Ends a pull when it has fetched some pieces more; returns its exit status. */
        int end(Shell.Running pull, String signal) throws IOException {
            nginx.awaitSent(nginx.sent().size() + THREADS + 1);
            Shell.run("kill", "-" + signal, Long.toString(pull.process().pid())).orThrow();
            return pull.await().status();
        }

        /** Nothing was fetched again but what was not yet written when a pull ended, so many times; all is right. */
        void assertFetchedOnce(int ends, ErofsMount mount) throws IOException {
            long fetched = fetched();
            assertTrue(fetched >= size, this::log);
            long again = fetched - size;
            assertTrue(again <= (long) ends * THREADS * PIECE, () -> again + " bytes again: " + log());
            Shell.run("cmp", mount.file("file").toString(), tree.resolve("file").toString())
                    .orThrow();
            assertEquals(fetched, fetched(), () -> "not all of it was there: " + log());
        }

        private long fetched() throws IOException {
            return nginx.sent().stream().mapToLong(Nginx.Range::length).sum();
        }

        private String log() {
            try {
                return nginx.accessLog();
            } catch (IOException e) {
                return e.toString();
            }
        }

        @Override
        public void close() {
            nginx.close();
        }
    }

    /** As from a terminal: what a script has put into the background would ignore an interrupt. */
    private static Shell.Running start(String... arguments) {
        var command = new ArrayList<>(List.of("env", "--default-signal=INT", "examples/blob-server/bin/blob-server"));
        command.addAll(List.of(arguments));
        return Shell.start(command.toArray(String[]::new));
    }

    @Test
    void a_pull_that_was_killed_goes_on_where_it_was() throws Exception {
        try (Web web = Web.start(directory)) {
            assertEquals(137, web.end(start(web.command("pull", "image")), "KILL"));
            assertEquals(130, web.end(start(web.command("pull", "image")), "INT"));
            String pulled = BlobServerCommand.run(web.command("pull", "image")).orThrow();
            long fetched = BlobServerCommand.fetched(pulled);
            assertTrue(fetched > 0 && fetched <= web.size() - 2L * PIECE, pulled);
            try (var _ = BlobServerProcess.run(web.command("serve"));
                    var mount = ErofsMount.mount("fsid=image")) {
                web.assertFetchedOnce(2, mount);
            }
        }
    }

    @Test
    void a_pull_whose_client_has_gone_is_gone_on_with_at_once() throws Exception {
        try (Web web = Web.start(directory);
                var server = BlobServerProcess.run(web.command("serve"))) {
            assertEquals(137, web.end(start("pull", "image"), "KILL"));
            Shell.Running first = start("pull", "image");
            while (Files.size(first.output()) == 0 && first.isAlive()) {
                LockSupport.parkNanos(10_000_000);
            }
            // It uses the mount of the first one, which then goes.
            var output = new StringWriter();
            var second = CompletableFuture.supplyAsync(() -> BlobServerCommand.run(output, "pull", "image"));
            while (output.getBuffer().isEmpty() && !second.isDone()) {
                LockSupport.parkNanos(1_000_000);
            }
            assertEquals(130, web.end(first, "INT"));
            String pulled = second.get().orThrow();
            assertTrue(pulled.startsWith("image: is being pulled already"), pulled);
            long fetched = BlobServerCommand.fetched(pulled);
            assertTrue(fetched > 0 && fetched <= web.size() - PIECE, pulled);
            assertEquals(
                    0,
                    BlobServerCommand.fetched(
                            BlobServerCommand.run("pull", "image").orThrow()));
            try (var mount = ErofsMount.mount("fsid=image")) {
                web.assertFetchedOnce(2, mount);
            }
            assertEquals(0, server.terminate(), server.log());
        }
    }
}
