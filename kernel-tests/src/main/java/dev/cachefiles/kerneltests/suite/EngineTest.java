// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.FileHandler;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the engine promises, whatever a handler does. */
class EngineTest {
    @TempDir
    private static Path directory;

    private static Path tree;
    private static String expected;

    private Path cache;
    private @Nullable OnDemandServer server;

    @BeforeAll
    static void makeImage() throws Exception {
        tree = SourceTree.create(directory.resolve("tree"), 3);
        expected = SourceTree.digests(tree);
        ErofsImage.make(directory.resolve("image"), tree);
    }

    @BeforeEach
    void makeCache() throws Exception {
        cache = CacheDirectory.create();
    }

    @AfterEach
    void stop() throws Exception {
        if (server != null) {
            server.close();
        }
        assertEquals("", openCachefilesFds(), "fds that are left");
        // The device is free again, with all that belongs to it.
        serve(new FileHandler(directory)).close();
    }

    @Test
    @Row(11)
    void an_open_that_throws_fails_the_mount_and_the_next_one_works() throws Exception {
        var broken = new AtomicBoolean(true);
        serve(new FileHandler(directory) {
            @Override
            public long open(OpenRequest request) throws IOException {
                if (broken.get()) {
                    throw new IllegalStateException("no backend");
                }
                return super.open(request);
            }
        });
        assertNotEquals(
                0,
                ErofsMount.attempt("fsid=image", Files.createTempDirectory("mnt"))
                        .status());
        broken.set(false);
        assertImageIsServed();
    }

    @Test
    @Row(25)
    void a_read_that_throws_gives_eio_and_the_next_one_works() throws Exception {
        var broken = new AtomicBoolean();
        serve(new FileHandler(directory) {
            @Override
            public void read(ReadRequest request) throws IOException {
                if (broken.get()) {
                    throw new StackOverflowError();
                }
                super.read(request);
            }
        });
        try (var mount = ErofsMount.mount("fsid=image")) {
            broken.set(true);
            Shell.Result result = Shell.run("cat", mount.file("file-1000003").toString());
            assertNotEquals(0, result.status());
            assertTrue(result.errors().contains("Input/output error"), result.errors());
            broken.set(false);
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
    }

    @Test
    @Row(25)
    void a_read_that_writes_nothing_gives_eio_and_the_next_one_works() throws Exception {
        var lazy = new AtomicBoolean();
        serve(new FileHandler(directory) {
            @Override
            public void read(ReadRequest request) throws IOException {
                if (!lazy.get()) {
                    super.read(request);
                }
            }
        });
        try (var mount = ErofsMount.mount("fsid=image")) {
            lazy.set(true);
            assertNotEquals(
                    0, Shell.run("cat", mount.file("file-65536").toString()).status());
            lazy.set(false);
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
    }

    @Test
    @Row({20, 21})
    void any_buffer_length_and_offset_is_served_right() throws Exception {
        serve(new FileHandler(directory) {
            @Override
            public void read(ReadRequest request) throws IOException {
                writeInOddPieces(request);
            }
        });
        assertImageIsServed();
    }

    /** Heap and native memory, misaligned, in pieces of 1000 bytes. */
    private static void writeInOddPieces(ReadRequest request) throws IOException {
        long end = Math.min(
                request.offset() + request.length(), FileHandler.file(request).size());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment odd = arena.allocate(1001, 4096).asSlice(1);
            for (long at = request.offset(); at < end; at += 1000) {
                int length = (int) Math.min(1000, end - at);
                ByteBuffer heap = ByteBuffer.allocate(length);
                FileHandler.file(request).read(heap, at);
                heap.flip();
                if (at % 3 == 0) {
                    request.fd().write(heap, at);
                } else {
                    MemorySegment piece = odd.asSlice(0, length);
                    piece.copyFrom(MemorySegment.ofBuffer(heap));
                    request.fd().write(piece, at);
                }
            }
        }
    }

    @Test
    @Row(19)
    void what_is_written_after_the_open_is_never_asked_for() throws Exception {
        var handler = new FileHandler(directory) {
            @Override
            public void opened(CacheObject object) throws IOException {
                byte[] all = Files.readAllBytes(directory.resolve("image"));
                object.fd().write(ByteBuffer.wrap(all), 0);
                assertTrue(object.fd().isFilled(0, all.length));
            }
        };
        serve(handler);
        try (var mount = ErofsMount.mount("fsid=image")) {
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
        assertTrue(handler.reads("image") <= 2, "READs: " + handler.reads("image"));
    }

    @Test
    void writing_before_the_answer_says_so() throws Exception {
        var thrown = new AtomicReference<Throwable>();
        serve(new FileHandler(directory) {
            @Override
            public long open(OpenRequest request) throws IOException {
                long size = super.open(request);
                try {
                    request.object().fd().write(ByteBuffer.allocate(4096), 0);
                } catch (IOException e) {
                    thrown.set(e);
                }
                return size;
            }
        });
        assertImageIsServed();
        assertTrue(String.valueOf(thrown.get()).contains("ENOBUFS"), String.valueOf(thrown.get()));
        assertTrue(String.valueOf(thrown.get()).contains("not answered yet"), String.valueOf(thrown.get()));
    }

    @Test
    @Row(37)
    void an_fd_that_is_given_back_is_opened_again_at_the_next_miss() throws Exception {
        var handler = new FileHandler(directory);
        Queue<CacheObject> objects = remember(handler);
        try (var mount = ErofsMount.mount("fsid=image")) {
            Shell.run("cat", mount.file("file-100").toString()).orThrow();
            objects.forEach(object -> object.fd().close());
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
        assertEquals(2, handler.opens("image"));
    }

    @Test
    @Row(39)
    void a_reopen_that_fails_gives_eio_and_heals_with_the_handler() throws Exception {
        var broken = new AtomicBoolean();
        var handler = new FileHandler(directory) {
            @Override
            public long open(OpenRequest request) throws IOException {
                if (broken.get()) {
                    throw new IOException("backend down");
                }
                return super.open(request);
            }
        };
        Queue<CacheObject> objects = remember(handler);
        try (var mount = ErofsMount.mount("fsid=image")) {
            broken.set(true);
            objects.forEach(object -> object.fd().close());
            Shell.Result result = Shell.run("cat", mount.file("file-1000003").toString());
            assertTrue(result.errors().contains("Input/output error"), result.errors());
            broken.set(false);
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
    }

    @Test
    void a_close_comes_after_umount_and_frees_the_fd() throws Exception {
        var closed = new CountDownLatch(1);
        var handler = new FileHandler(directory) {
            @Override
            public void close(CloseRequest request) throws IOException {
                super.close(request);
                closed.countDown();
            }
        };
        serve(handler);
        assertImageIsServed();
        assertTrue(closed.await(30, TimeUnit.SECONDS));
        assertEquals(1, handler.closes("image"));
    }

    @Test
    @Row(33)
    void a_killed_reader_harms_no_one() throws Exception {
        var entered = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        var slow = new AtomicBoolean();
        serve(new FileHandler(directory) {
            @Override
            public void read(ReadRequest request) throws IOException {
                if (slow.get()) {
                    entered.countDown();
                    awaitQuietly(go);
                }
                super.read(request);
            }
        });
        try (var mount = ErofsMount.mount("fsid=image")) {
            slow.set(true);
            Shell.Running reader = Shell.start("cat", mount.file("file-1000003").toString());
            assertTrue(entered.await(30, TimeUnit.SECONDS));
            reader.kill();
            assertNotEquals(0, reader.await().status());
            slow.set(false);
            go.countDown();
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
    }

    @Test
    void a_handler_that_never_returns_is_answered_for_at_close() throws Exception {
        var entered = new CountDownLatch(1);
        var never = new CountDownLatch(1);
        var slow = new AtomicBoolean();
        FileHandler handler = new FileHandler(directory) {
            @Override
            public void read(ReadRequest request) throws IOException {
                if (slow.get()) {
                    entered.countDown();
                    awaitQuietly(never);
                }
                super.read(request);
            }
        };
        server = OnDemandServer.builder(open())
                .handler(handler)
                .shutdownTimeout(java.time.Duration.ofMillis(200))
                .start();
        var mount = ErofsMount.mount("fsid=image");
        try {
            slow.set(true);
            Shell.Running reader = Shell.start("cat", mount.file("file-1000003").toString());
            assertTrue(entered.await(30, TimeUnit.SECONDS));
            server.close();
            assertNotEquals(0, reader.await().status());
        } finally {
            mount.close();
        }
    }

    @Test
    @Row(34)
    void mapped_readers_get_the_bytes() throws Exception {
        serve(new FileHandler(directory));
        try (var mount = ErofsMount.mount("fsid=image")) {
            Path file = mount.file("file-1000003");
            assertEquals(
                    Shell.run("sha256sum", tree.resolve("file-1000003").toString())
                            .orThrow()
                            .split(" ", 2)[0],
                    Shell.run(
                                    javaBinary(),
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    "dev.cachefiles.kerneltests.support.MappedDigest",
                                    file.toString())
                            .orThrow()
                            .strip());
        }
    }

    @Test
    void a_loop_of_ones_own_on_the_channel_serves_as_well() throws Exception {
        CachefilesChannel channel = open();
        var handler = new FileHandler(directory);
        Thread loop = Thread.ofPlatform().start(() -> {
            try {
                while (true) {
                    switch (channel.take()) {
                        case OpenRequest open -> open.accept(handler.open(open));
                        case ReadRequest read -> {
                            handler.read(read);
                            assertTrue(read.complete());
                        }
                        case CloseRequest close -> {
                            handler.close(close);
                            close.complete();
                        }
                        case null -> {
                            return;
                        }
                    }
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        try {
            assertImageIsServed();
            channel.wakeup();
            loop.join(10_000);
            assertFalse(loop.isAlive());
        } finally {
            channel.close();
        }
        serve(handler);
    }

    private void assertImageIsServed() throws Exception {
        try (var mount = ErofsMount.mount("fsid=image")) {
            assertEquals(expected, SourceTree.digests(mount.point()));
        }
    }

    private CachefilesChannel open() throws IOException {
        return CachefilesChannel.open(CacheOptions.builder(cache).build());
    }

    private OnDemandServer serve(OnDemandHandler handler) throws IOException {
        server = OnDemandServer.builder(open()).handler(handler).start();
        return server;
    }

    /** Serves, and collects the objects that were opened. */
    private Queue<CacheObject> remember(FileHandler handler) throws IOException {
        Queue<CacheObject> objects = new ConcurrentLinkedQueue<>();
        serve(new OnDemandHandler() {
            @Override
            public long open(OpenRequest request) throws IOException {
                long size = handler.open(request);
                objects.add(request.object());
                return size;
            }

            @Override
            public void read(ReadRequest request) throws IOException {
                handler.read(request);
            }

            @Override
            public void close(CloseRequest request) throws IOException {
                handler.close(request);
            }
        });
        return objects;
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String openCachefilesFds() throws IOException {
        var left = new StringBuilder();
        try (var fds = Files.list(Path.of("/proc/self/fd"))) {
            for (Path fd : fds.toList()) {
                try {
                    String target = Files.readSymbolicLink(fd).toString();
                    if (target.equals("anon_inode:[cachefiles]") || target.equals("/dev/cachefiles")) {
                        left.append(target).append('\n');
                    }
                } catch (IOException e) {
                    // an fd of this very listing
                }
            }
        }
        return left.toString();
    }

    private static String javaBinary() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }
}
