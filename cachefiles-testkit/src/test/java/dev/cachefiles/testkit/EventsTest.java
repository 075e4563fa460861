// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.Concurrency;
import dev.cachefiles.Errno;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.blob.Amplification;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.blob.BlobSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a listener hears of each request, in which order; and that it hears of each end once. */
class EventsTest extends DaemonTest {
    private static final int SIZE = 10_000;
    private static final List<String> OPEN = List.of("OPEN delivered", "OPEN started", "OPEN opened " + SIZE);

    private final TestBlob blob = new TestBlob(SIZE);
    private Ears ears = new Ears();

    private Daemon start(Mode mode, OnDemandHandler handler) throws IOException {
        return start(mode, handler, builder -> {});
    }

    private Daemon start(Mode mode, OnDemandHandler handler, Consumer<OnDemandServer.Builder> more) throws IOException {
        return start(handler, builder -> {
            mode.set(builder.listener(ears).shutdownTimeout(Duration.ofMillis(50)), handler);
            more.accept(builder);
        });
    }

    /** The end of a request is told after its answer: without this the next one would be heard of before. */
    private FakeMount mount() throws IOException {
        FakeMount mount = kernel.mount("a");
        ears.await("OPEN opened " + SIZE, 1);
        return mount;
    }

    private void assertHeard(Daemon daemon, String... afterOpen) {
        daemon.close();
        assertEquals(List.of(afterOpen), ears.heard.subList(OPEN.size(), ears.heard.size()));
        assertEquals(OPEN, ears.heard.subList(0, OPEN.size()));
    }

    /** A source, with its bytes in memory or not. */
    private BlobSource source(boolean inMemory) {
        return new BlobSource() {
            @Override
            public long size() {
                return SIZE;
            }

            @Override
            public void read(long offset, MemorySegment target) {
                MemorySegment.copy(MemorySegment.ofArray(blob.bytes), offset, target, 0, target.byteSize());
            }

            @Override
            public Optional<MemorySegment> view(long offset, long length) {
                return inMemory
                        ? Optional.of(MemorySegment.ofArray(blob.bytes).asSlice(offset, length))
                        : Optional.empty();
            }
        };
    }

    @ParameterizedTest
    @EnumSource
    void what_is_served_is_heard_of_step_by_step(Mode mode) throws Exception {
        Daemon daemon = start(mode, new BlobHandler(key -> source(false), Amplification.OFF));
        FakeMount mount = mount();
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        ears.await("READ read", 1);
        mount.unmount();
        ears.await("CLOSE closed", 1);
        assertHeard(
                daemon,
                "READ delivered",
                "READ started",
                "fetched 0 +10000",
                "written 0 +12288",
                "READ read",
                "CLOSE delivered",
                "CLOSE started",
                "CLOSE closed");
    }

    @ParameterizedTest
    @EnumSource
    void bytes_that_are_in_memory_are_written_and_not_fetched(Mode mode) throws Exception {
        Daemon daemon = start(mode, new BlobHandler(key -> source(true), Amplification.OFF));
        mount().read(4096, 10);
        ears.await("READ read", 1);
        assertEquals(
                List.of("READ delivered", "READ started", "written 4096 +4096", "READ read"),
                ears.heard.subList(OPEN.size(), ears.heard.size()));
        daemon.close();
    }

    @ParameterizedTest
    @EnumSource
    void an_open_that_fails_ends_once(Mode mode) throws Exception {
        Daemon daemon = start(mode, new BlobHandler(key -> {
            throw new IOException("no such blob");
        }));
        assertThrows(CachefilesException.class, () -> kernel.mount("a"));
        ears.await("OPEN failed", 1);
        daemon.close();
        assertEquals(List.of("OPEN delivered", "OPEN started", "OPEN failed"), ears.heard);
    }

    @ParameterizedTest
    @EnumSource
    void a_read_that_fails_ends_once_each_time_the_kernel_tries(Mode mode) throws Exception {
        Daemon daemon = start(mode, new TestBlob(SIZE) {
            @Override
            public void read(ReadRequest request) throws IOException {
                // Half of it: what was fetched and written is heard of all the same.
                request.fd().fill(0, 4096, (target, position) -> target.fill((byte) 1));
                throw new IOException("backend down");
            }
        });
        FakeMount mount = mount();
        assertThrows(CachefilesException.class, () -> mount.read(4096, SIZE - 4096));
        ears.await("READ failed", 2);
        daemon.close();
        // The second READ may be delivered before the end of the first is told.
        assertEquals(
                List.of("READ delivered", "READ started", "fetched 0 +4096", "written 0 +4096"),
                ears.heard.subList(3, 7));
        assertEquals(2, count("READ delivered"));
        assertEquals(2, count("READ started"));
        assertEquals(2, count("READ failed"));
        assertEquals(0, count("READ read"));
    }

    @ParameterizedTest
    @EnumSource
    void answers_that_the_handler_gives_by_itself_end_a_request_once_too(Mode mode) throws Exception {
        Daemon daemon = start(mode, new TestBlob(SIZE) {
            @Override
            public long open(OpenRequest request) throws IOException {
                if (request.cookie().toString().equals("no")) {
                    request.refuse(Errno.ENOENT);
                } else {
                    request.accept(SIZE);
                }
                return SIZE;
            }

            @Override
            public void read(ReadRequest request) throws IOException {
                if (request.offset() == 0) {
                    super.read(request);
                    request.complete();
                } else {
                    request.fail();
                }
            }

            @Override
            public void close(CloseRequest request) {
                request.complete();
            }
        });
        FakeMount mount = mount();
        mount.read(0, 4096);
        ears.await("READ read", 1);
        assertThrows(CachefilesException.class, () -> mount.read(8192, 10));
        ears.await("READ failed", 2);
        mount.unmount();
        ears.await("CLOSE closed", 1);
        assertThrows(CachefilesException.class, () -> kernel.mount("no"));
        daemon.close();
        assertEquals(1, count("OPEN opened " + SIZE));
        assertEquals(1, count("READ read"));
        assertEquals(2, count("READ failed"));
        assertEquals(3, count("READ delivered"));
        assertEquals(1, count("CLOSE closed"));
        assertEquals(2, count("OPEN delivered"));
        assertEquals(0, count("OPEN late") + count("READ late") + count("trouble"));
    }

    private long count(String event) {
        return ears.heard.stream().filter(event::equals).count();
    }

    @ParameterizedTest
    @EnumSource
    void a_handler_that_returns_too_late_is_heard_of_after_the_failure(Mode mode) throws Exception {
        kernel = FakeKernel.builder().virtualTime().build();
        var blockade = new Blockade(SIZE, ReadRequest.class, false);
        Daemon daemon = start(mode, blockade);
        var reader = mount().readAsync(0, SIZE);
        for (int i = 1; i <= 2; i++) {
            blockade.awaitHeld(1);
            kernel.awaitSleepers(1);
            kernel.advance(i == 1 ? Duration.ofSeconds(30) : Duration.ofSeconds(1));
            ears.await("READ failed", i);
        }
        assertThrows(ExecutionException.class, reader::get);
        assertEquals(0, count("READ late"));
        blockade.lift();
        ears.await("READ late", 2);
        await(() -> daemon.server.status().overdue() == 0);
        daemon.close();
        // The second READ may be delivered before the end of the first is told.
        assertEquals(2, count("READ delivered"));
        assertEquals(2, count("READ started"));
        assertEquals(2, count("READ failed"));
        assertEquals(2, count("READ late"));
        assertEquals(0, count("READ read"));
        assertEquals(List.of("READ delivered", "READ started"), ears.heard.subList(3, 5));
    }

    @Test
    void a_request_whose_turn_never_comes_fails_without_having_been_started() throws Exception {
        kernel = FakeKernel.builder().virtualTime().build();
        var blockade = new Blockade(SIZE, ReadRequest.class, false);
        Daemon daemon = start(Mode.VIRTUAL, blockade, builder -> builder.concurrency(Concurrency.SERIAL));
        var reader = mount().readAsync(0, SIZE);
        blockade.awaitHeld(1);
        var mounting = kernel.mountAsync("b");
        ears.await("OPEN delivered", 2);
        await(() -> daemon.server.status().waiting() == 1);
        kernel.awaitSleepers(1);
        kernel.advance(Duration.ofSeconds(15));
        assertThrows(ExecutionException.class, mounting::get);
        ears.await("OPEN failed", 1);
        blockade.lift();
        assertArrayEquals(blockade.bytes, reader.get());
        ears.await("READ read", 1);
        daemon.close();
        assertEquals(
                List.of("READ delivered", "READ started", "OPEN delivered", "OPEN failed"), ears.heard.subList(3, 7));
        assertEquals(1, count("OPEN started"));
        assertEquals(1, count("OPEN failed"));
        assertEquals(1, count("READ read"));
        assertEquals(0, count("OPEN late"));
    }

    /** The worst listener: it throws whatever it hears of, now an exception and now an error. */
    private static final class Throwing extends Ears {
        @Override
        void hear(String event) {
            super.hear(event);
            if (heard.size() % 2 == 0) {
                throw new IllegalStateException(event);
            }
            throw new StackOverflowError(event);
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_listener_that_throws_whatever_it_hears_of_changes_nothing(Mode mode) throws Exception {
        kernel = FakeKernel.builder().virtualTime().build();
        ears = new Throwing();
        var source = new BlobHandler(key -> source(false), Amplification.OFF);
        var handler = new Blockade(SIZE, Blockade.NONE, true) {
            private volatile boolean down;

            @Override
            public long open(OpenRequest request) throws IOException {
                super.open(request);
                if (down) {
                    throw new IOException("down");
                }
                return source.open(request);
            }

            @Override
            public void close(CloseRequest request) throws IOException {
                source.close(request);
            }

            @Override
            public void opened(CacheObject object) {
                throw new IllegalStateException("opened");
            }

            @Override
            public void read(ReadRequest request) throws IOException {
                if (down) {
                    throw new IOException("down");
                }
                source.read(request);
            }
        };
        handler.down = true;
        start(mode, handler);
        assertThrows(CachefilesException.class, () -> kernel.mount("a"));
        handler.down = false;
        FakeMount mount = kernel.mount("a");
        handler.down = true;
        assertThrows(CachefilesException.class, () -> mount.read(0, 10));
        handler.down = false;
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        mount.unmount();
        kernel.awaitOpenFds(0);
        handler.holds = OpenRequest.class;
        var mounting = kernel.mountAsync("slow");
        handler.awaitHeld(1);
        kernel.awaitSleepers(1);
        kernel.advance(Duration.ofSeconds(15));
        assertThrows(ExecutionException.class, mounting::get);
        handler.holds = Blockade.NONE;
        ears.await("OPEN late", 1);
        kernel.disk().fail();
        kernel.awaitSleepers(1);
        kernel.advance(Duration.ofSeconds(2));
        ears.await("reopened", 1);
        assertArrayEquals(blob.bytes, kernel.mount("b").read(0, SIZE));
        for (String event : List.of(
                "OPEN delivered",
                "OPEN started",
                "OPEN opened " + SIZE,
                "OPEN failed",
                "OPEN late",
                "READ delivered",
                "READ started",
                "fetched 0 +10000",
                "written 0 +12288",
                "READ read",
                "READ failed",
                "CLOSE delivered",
                "CLOSE started",
                "CLOSE closed",
                "trouble",
                "died",
                "reopened")) {
            ears.await(event, 1);
        }
    }
}
