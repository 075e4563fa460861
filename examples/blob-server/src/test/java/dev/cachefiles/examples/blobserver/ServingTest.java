// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.testkit.FakeKernel;
import dev.cachefiles.testkit.FakeMount;
import dev.cachefiles.testkit.KernelAssert;
import dev.cachefiles.testkit.MountSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command as a whole, on a fake kernel. */
class ServingTest {
    private static final int SIZE = 3_000_100;

    @TempDir
    Path temporary;

    private final FakeKernel kernel = FakeKernel.create();
    private final BlobServer command = new BlobServer(options -> CachefilesChannel.open(options, kernel));
    private final ReadyWriter out = new ReadyWriter();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private final byte[] content = new byte[SIZE];
    private PrintStream systemErr = System.err;
    private Path blobs;
    private CompletableFuture<Integer> exitStatus = new CompletableFuture<>();

    /** Tells when the command has said that it is ready. */
    private static final class ReadyWriter extends Writer {
        private final StringBuilder text = new StringBuilder();
        private final CountDownLatch ready = new CountDownLatch(1);

        @Override
        public synchronized void write(char[] buffer, int offset, int length) {
            text.append(buffer, offset, length);
            if (text.indexOf("ready\n") >= 0) {
                ready.countDown();
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    @BeforeEach
    void serve() throws Exception {
        new Random(3).nextBytes(content);
        blobs = Files.createDirectory(temporary.resolve("blobs"));
        Files.write(blobs.resolve("image.img"), content);
        systemErr = System.err;
        System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8)); // where the log goes
        Thread.ofPlatform()
                .start(() -> exitStatus.complete(command.execute(
                        new PrintWriter(out, true),
                        new PrintWriter(Writer.nullWriter()),
                        "serve",
                        "--cache-dir=" + temporary.resolve("cache"),
                        "--blobs=" + blobs,
                        "--runtime-dir=" + temporary.resolve("run"),
                        "--tag=test",
                        "--threads=2",
                        "--stats=0.05")));
        out.ready.await();
    }

    @AfterEach
    void stopAndCheck() throws Exception {
        try {
            command.stop();
            assertEquals(0, exitStatus.get());
            KernelAssert.assertThat(kernel).isClean();
        } finally {
            System.setErr(systemErr);
        }
    }

    private String log() {
        return errors.toString(StandardCharsets.UTF_8);
    }

    private void awaitLog(String part) throws InterruptedException {
        while (!log().contains(part)) {
            Thread.sleep(10); // the test's own timeout ends it
        }
    }

    @Test
    void bindsWhatItWasTold() {
        List<String> commands = kernel.commands();
        assertTrue(commands.contains("dir " + temporary.resolve("cache")), commands::toString);
        assertTrue(commands.contains("tag test"), commands::toString);
    }

    @Test
    void servesTheSameBytes() throws IOException {
        try (FakeMount mount = kernel.mount("image.img")) {
            assertArrayEquals(Arrays.copyOfRange(content, 8192, 12288), mount.read(8192, 4096));
            assertArrayEquals(content, mount.read(0, SIZE));
            assertEquals(0, kernel.counters().misalignedWrites());
        }
    }

    @Test
    void servesManyReadersAndBlobsAtOnce() throws Exception {
        Files.write(blobs.resolve("other.img"), Arrays.copyOf(content, 777_777));
        Files.createFile(blobs.resolve("empty"));
        try (FakeMount mount = kernel.mount("domain", "image.img", "other.img", "empty")) {
            var readers = new ArrayList<CompletableFuture<byte[]>>();
            for (int i = 0; i < 8; i++) {
                readers.add(mount.readAsync(0, SIZE));
                readers.add(mount.readAsync("other.img", 0, 777_777));
            }
            for (int i = 0; i < readers.size(); i += 2) {
                assertArrayEquals(content, readers.get(i).get());
                assertArrayEquals(
                        Arrays.copyOf(content, 777_777), readers.get(i + 1).get());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", "../secret", "/etc/passwd", "absent", "link", "image.img\0", "\u001b[2J"})
    void refusesHostileNamesWithALineInTheLog(String name) throws Exception {
        Files.writeString(temporary.resolve("secret"), "secret");
        Files.createSymbolicLink(blobs.resolve("link"), Path.of("../secret"));
        var failure = assertThrows(
                CachefilesException.class,
                () -> kernel.mount(MountSpec.of("image.img").domain("d").device(name)));
        assertEquals(Errno.ENOBUFS, failure.errno());
        String key = dev.cachefiles.CookieKey.of(name).toString();
        awaitLog("WARNING OPEN #1 o2 erofs,d/" + key + ": ");
        assertTrue(log().lines().noneMatch(line -> line.startsWith("\tat ")), "no stack trace: " + log());
    }

    @Test
    void aFileThatIsTruncatedFailsItsReadersOnly() throws Exception {
        Files.write(blobs.resolve("other.img"), content);
        try (FakeMount mount = kernel.mount("image.img");
                FakeMount other = kernel.mount("other.img")) {
            assertArrayEquals(Arrays.copyOf(content, 4096), mount.read(0, 4096));
            try (var channel = FileChannel.open(blobs.resolve("image.img"), StandardOpenOption.WRITE)) {
                channel.truncate(1_000_000);
            }
            Thread.sleep(2); // the size is looked at once in a millisecond
            for (long offset : new long[] {524_288, 999_424, 2_000_000 & -4096, SIZE & -4096}) {
                var failure = assertThrows(CachefilesException.class, () -> mount.read(offset, 4096));
                assertEquals(Errno.EIO, failure.errno());
            }
            awaitLog("had 3000100 bytes when it was opened, and has 1000000 now");
            assertArrayEquals(content, other.read(0, SIZE), "the daemon goes on");
            assertArrayEquals(Arrays.copyOf(content, 4096), mount.read(0, 4096), "what is cached stays");
        }
    }

    @Test
    void reportsCounts() throws Exception {
        try (FakeMount mount = kernel.mount("image.img")) {
            mount.read(0, 4096);
        }
        awaitLog("stats: opens=1 reads=1 bytes=4096 failures=0");
    }

    @Test
    void anImageCanBeMountedAgain() throws IOException {
        for (int i = 0; i < 3; i++) {
            try (FakeMount mount = kernel.mount("image.img")) {
                assertArrayEquals(content, mount.read(0, SIZE));
            }
        }
        assertEquals(3, kernel.counters().opens());
    }
}
