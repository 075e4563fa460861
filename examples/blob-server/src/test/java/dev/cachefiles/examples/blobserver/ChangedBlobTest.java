// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.examples.blobserver.control.ControlClient;
import dev.cachefiles.testkit.FakeKernel;
import dev.cachefiles.testkit.FakeMount;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blobs that have other bytes than those that the cache has of them, on a fake kernel. */
class ChangedBlobTest {
    private static final int SIZE = 1_000_000;

    @TempDir
    Path temporary;

    private final FakeKernel kernel = FakeKernel.create();
    private final byte[] former = new byte[SIZE];
    private final byte[] changed = new byte[SIZE];
    private Path blobs;
    private BlobServer server;
    private CompletableFuture<Integer> exitStatus;
    private ControlClient client;

    @BeforeEach
    void prepare() throws Exception {
        new Random(1).nextBytes(former);
        new Random(2).nextBytes(changed);
        blobs = Files.createDirectory(temporary.resolve("blobs"));
        write(former, "2026-01-01T00:00:00Z");
        client = new ControlClient(temporary.resolve("run"));
        start();
        try (FakeMount mount = kernel.mount("image")) {
            assertArrayEquals(Arrays.copyOf(former, 4096), mount.read(0, 4096));
        }
    }

    private void write(byte[] content, String time) throws IOException {
        Path file = Files.write(blobs.resolve("image"), content);
        Files.setLastModifiedTime(file, FileTime.from(java.time.Instant.parse(time)));
    }

    private void start() throws Exception {
        server = new BlobServer(options -> CachefilesChannel.open(options, kernel));
        var ready = new CompletableFuture<Integer>();
        var out = new PrintWriter(new StringWriter()) {
            @Override
            public void println(String line) {
                ready.complete(0);
            }
        };
        var ended = new CompletableFuture<Integer>();
        exitStatus = ended;
        BlobServer started = server;
        Thread.ofPlatform()
                .start(() -> ended.complete(started.execute(
                        out,
                        out,
                        "serve",
                        "--cache-dir=" + temporary.resolve("cache"),
                        "--blobs=" + blobs,
                        "--runtime-dir=" + temporary.resolve("run"))));
        CompletableFuture.anyOf(ready, ended).get();
    }

    @AfterEach
    void stop() throws Exception {
        server.stop();
        assertEquals(0, exitStatus.get());
    }

    private String refusal() throws IOException {
        assertThrows(CachefilesException.class, () -> kernel.mount("image"));
        List<String> why = client.lines("why", "image", "image");
        while (why.isEmpty()) { // the kernel is answered first
            why = client.lines("why", "image", "image");
        }
        return why.getFirst();
    }

    private int run(StringWriter out, String... command) {
        return BlobServer.run(new PrintWriter(out), new PrintWriter(out), command);
    }

    @Test
    void isRefusedAfterARestartAndServedAnewOnceItsBytesAreCulled() throws Exception {
        stop();
        write(changed, "2026-01-02T00:00:00Z");
        start();
        String refusal = refusal();
        assertTrue(refusal.contains("the cache has bytes of another version"), refusal);
        String command =
                "blob-server cache cull --runtime-dir=" + temporary.resolve("run") + " --domain=image --name=image";
        assertTrue(refusal.endsWith(command), refusal);

        var out = new StringWriter();
        assertEquals(0, run(out, command.substring("blob-server ".length()).split(" ")), out::toString);
        assertEquals("culled erofs,image/image\n", out.toString());
        try (FakeMount mount = kernel.mount("image")) {
            assertArrayEquals(changed, mount.read(0, SIZE));
        }
    }

    @Test
    void isRefusedWhileTheDaemonRunsAndServedAgainWhenTheFormerIsBack() throws Exception {
        write(changed, "2026-01-02T00:00:00Z");
        assertTrue(refusal().contains("the cache has bytes of another version"));
        write(former, "2026-01-01T00:00:00Z");
        try (FakeMount mount = kernel.mount("image")) {
            assertArrayEquals(former, mount.read(0, SIZE));
        }
    }

    @Test
    void isNotPulledIntoWhatIsMounted() throws Exception {
        Files.write(
                blobs.resolve("other"), former); // its cache file has no name while it is mounted for the first time
        try (FakeMount mount = kernel.mount("other")) {
            assertArrayEquals(Arrays.copyOf(former, 4096), mount.read(0, 4096));
            Files.delete(blobs.resolve("other"));
            Files.write(blobs.resolve("other"), changed);
            Files.setLastModifiedTime(blobs.resolve("other"), FileTime.fromMillis(0));
            var refused = assertThrows(ControlClient.Refused.class, () -> client.lines("pull", "other"));
            assertTrue(refused.getMessage().contains("the cache has bytes of another version"), refused.getMessage());
        }
    }

    @Test
    void whatIsMountedIsNotCulled() throws Exception {
        try (FakeMount _ = kernel.mount("image")) {
            var out = new StringWriter();
            int status = run(out, "cache", "cull", "--runtime-dir=" + temporary.resolve("run"), "--domain=image");
            assertEquals(1, status);
            assertTrue(out.toString().startsWith("erofs,image/image is in use\n"), out.toString());
        }
        for (String wrong : new String[] {"--all", "--budget=1MiB", "--domain=image --name="}) {
            String[] command = ("cache cull --runtime-dir=" + temporary.resolve("run") + " " + wrong).split(" ");
            var out = new StringWriter();
            assertTrue(run(out, command) != 0, out::toString);
        }
    }

    @Test
    void whatIsKnownOfCulledBlobsGoesWithTheNextStart() throws Exception {
        assertEquals(1, identities().length);
        var out = new StringWriter();
        assertEquals(0, run(out, "cache", "cull", "--runtime-dir=" + temporary.resolve("run"), "--domain=image"));
        stop();
        start();
        assertEquals(0, identities().length);
    }

    private String[] identities() {
        return temporary.resolve("cache/identities").toFile().list();
    }
}
