// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.AsyncOnDemandHandler;
import dev.cachefiles.CacheObject;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.Concurrency;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import dev.cachefiles.spi.AnonFile;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The end of a server in each of the ways in which it runs its handler, whoever ends it and whatever goes on. */
class ServerCloseTest extends DaemonTest {
    private static final int SIZE = 10_000;

    private Daemon start(Mode mode, OnDemandHandler handler) throws IOException {
        return start(mode, handler, builder -> {});
    }

    private Daemon start(Mode mode, OnDemandHandler handler, Consumer<OnDemandServer.Builder> more) throws IOException {
        return start(handler, builder -> {
            mode.set(builder.shutdownTimeout(Duration.ofMillis(20)), handler);
            more.accept(builder);
        });
    }

    /** Closes its server in one of its methods. */
    private static final class Closing extends TestBlob {
        final CompletableFuture<OnDemandServer> server = new CompletableFuture<>();
        final Queue<CacheObject> closed = new ConcurrentLinkedQueue<>();
        private final Class<? extends Request> where;

        Closing(Class<? extends Request> where) {
            super(SIZE);
            this.where = where;
        }

        private void pass(Class<? extends Request> here) {
            if (where.equals(here)) {
                server.join().close();
            }
        }

        @Override
        public long open(OpenRequest request) throws IOException {
            pass(OpenRequest.class);
            return super.open(request);
        }

        @Override
        public void read(ReadRequest request) throws IOException {
            pass(ReadRequest.class);
            super.read(request);
        }

        @Override
        public void close(CloseRequest request) {
            closed.add(request.object().orElseThrow());
            pass(CloseRequest.class);
        }
    }

    /** The threads of an asynchronous handler are its own: from them a close waits, for its own request as well. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ASYNC")
    void a_handler_may_close_its_server_from_within_a_read(Mode mode) throws Exception {
        var closing = new Closing(ReadRequest.class);
        Daemon daemon = start(mode, closing, builder -> builder.shutdownTimeout(Duration.ofSeconds(10)));
        closing.server.complete(daemon.server);
        assertArrayEquals(closing.bytes, kernel.mount("a").read(0, SIZE));
        daemon.server.awaitTermination();
        KernelAssert.assertThat(kernel).isClean();
        assertEquals(1, closing.closed.size());
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ASYNC")
    void a_handler_may_close_its_server_from_within_an_open(Mode mode) throws Exception {
        var closing = new Closing(OpenRequest.class);
        Daemon daemon = start(mode, closing, builder -> builder.shutdownTimeout(Duration.ofSeconds(10)));
        closing.server.complete(daemon.server);
        kernel.mount("a");
        daemon.server.awaitTermination();
        KernelAssert.assertThat(kernel).isClean();
        assertEquals(1, closing.closed.size());
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ASYNC")
    void a_handler_may_close_its_server_from_within_a_close(Mode mode) throws Exception {
        var closing = new Closing(CloseRequest.class);
        Daemon daemon = start(mode, closing, builder -> builder.shutdownTimeout(Duration.ofSeconds(10)));
        closing.server.complete(daemon.server);
        FakeMount mount = kernel.mount("a");
        mount.read(0, SIZE);
        mount.unmount();
        daemon.server.awaitTermination();
        KernelAssert.assertThat(kernel).isClean();
        assertEquals(1, closing.closed.size());
    }

    @Test
    void a_thread_of_an_asynchronous_handlers_own_waits_no_longer_than_any_other() throws Exception {
        var closing = new Closing(ReadRequest.class);
        Daemon daemon = start(Mode.ASYNC, closing);
        closing.server.complete(daemon.server);
        CompletableFuture<byte[]> reader = kernel.mount("a").readAsync(0, SIZE);
        daemon.server.awaitTermination();
        // It fails, or finds what the handler has written after all.
        await(reader::isDone);
        daemon.awaitLate(1);
        // Interrupted for its own request, that thread does not wait for the handler of the CLOSE, which has the fd.
        await(() -> !kernel.isDeviceBusy());
    }

    @Test
    void an_asynchronous_handler_may_close_its_server_before_it_returns() throws Exception {
        var blob = new TestBlob(SIZE);
        var server = new CompletableFuture<OnDemandServer>();
        Daemon daemon = start(
                blob,
                builder -> builder.asyncHandler(new AsyncOnDemandHandler() {
                    @Override
                    public CompletionStage<Long> open(OpenRequest request) {
                        return CompletableFuture.completedStage((long) SIZE);
                    }

                    @Override
                    public CompletionStage<?> read(ReadRequest request) throws IOException {
                        server.join().close();
                        blob.read(request);
                        return CompletableFuture.completedStage(null);
                    }
                }));
        server.complete(daemon.server);
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, SIZE));
        daemon.server.awaitTermination();
        KernelAssert.assertThat(kernel).isClean();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "TWO_DEVICE_THREADS")
    void with_handlers_that_hang_each_object_that_was_opened_is_closed_once(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, Blockade.NONE, false);
        Daemon daemon = start(mode, blob);
        List<FakeMount> mounts = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            mounts.add(kernel.mount(name));
        }
        mounts.get(1).read(0, SIZE);
        await(() -> daemon.server.status().running() == 0);
        blob.holds = ReadRequest.class;
        CompletableFuture<byte[]> reader = mounts.get(0).readAsync(0, SIZE);
        blob.awaitHeld(1);
        blob.holds = OpenRequest.class;
        CompletableFuture<FakeMount> mounting = kernel.mountAsync("d");
        blob.awaitHeld(1);
        daemon.close();
        assertEquals(List.of("a", "b", "c"), closed(blob));
        assertThrows(ExecutionException.class, reader::get);
        assertThrows(ExecutionException.class, mounting::get);
        KernelAssert.assertThat(kernel).isClean();
        // What open returns too late has to be closed as well.
        blob.lift();
        daemon.awaitLate(2);
        await(() -> blob.closed.size() == 4);
        assertEquals(List.of("a", "b", "c", "d"), closed(blob));
        assertEquals(0, daemon.server.status().running());
    }

    private static List<String> closed(Blockade blob) {
        return blob.closed.stream()
                .map(object -> object.cookie().toString())
                .sorted()
                .toList();
    }

    @ParameterizedTest
    @EnumSource(names = {"VIRTUAL", "EXECUTOR", "ASYNC"})
    void a_handler_that_hangs_in_the_close_of_its_object_does_not_hold_the_server(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, CloseRequest.class, false);
        Daemon daemon = start(mode, blob);
        kernel.mount("a").unmount();
        blob.awaitHeld(1);
        daemon.close();
        KernelAssert.assertThat(kernel).isClean();
        blob.lift();
        daemon.awaitLate(1);
        assertEquals(1, blob.closed.size());
    }

    @ParameterizedTest
    @EnumSource
    void requests_that_wait_for_their_turn_are_answered_too(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, Blockade.NONE, true);
        Daemon daemon = start(
                mode, blob, builder -> builder.concurrency(Concurrency.SERIAL).threads(2));
        List<FakeMount> mounts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            mounts.add(kernel.mount("image" + i));
        }
        blob.holds = ReadRequest.class;
        List<CompletableFuture<byte[]>> pending = new ArrayList<>();
        for (FakeMount mount : mounts) {
            pending.add(mount.readAsync(0, SIZE));
        }
        blob.awaitHeld(1);
        await(() -> daemon.server.status().waiting() == 3);
        daemon.close();
        for (CompletableFuture<byte[]> request : pending) {
            assertThrows(ExecutionException.class, request::get);
        }
        KernelAssert.assertThat(kernel).isClean();
        assertEquals(0, kernel.counters().refusedAnswers());
        await(() ->
                daemon.server.status().running() == 0 && daemon.server.status().overdue() == 0);
        assertEquals(0, daemon.server.status().waiting());
        assertEquals(4, blob.closed.size());
    }

    @ParameterizedTest
    @EnumSource(names = {"VIRTUAL", "EXECUTOR", "ASYNC"})
    void all_who_close_wait_until_it_is_closed(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, Blockade.NONE, false);
        Daemon daemon = start(mode, blob);
        FakeMount mount = kernel.mount("a");
        blob.holds = ReadRequest.class;
        CompletableFuture<byte[]> reader = mount.readAsync(0, SIZE);
        blob.awaitHeld(1);
        var go = new CountDownLatch(1);
        List<CompletableFuture<Boolean>> closers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            closers.add(Async.start("closer", () -> {
                go.await();
                daemon.close();
                return kernel.isDeviceBusy();
            }));
        }
        go.countDown();
        for (CompletableFuture<Boolean> closer : closers) {
            assertFalse(closer.get());
        }
        assertThrows(ExecutionException.class, reader::get);
        daemon.close();
        assertTrue(daemon.server.status().bound());
        assertEquals(1, blob.closed.size());
        blob.lift();
        daemon.awaitLate(1);
    }

    @Test
    void a_server_that_closes_waits_for_what_its_thread_has_taken_a_moment_before() throws Exception {
        var taken = new CountDownLatch(1);
        var goOn = new CompletableFuture<Void>();
        var refused = new AtomicBoolean();
        var channel = CachefilesChannel.open(Daemon.OPTIONS, device -> new DelegatingDevice(kernel.open(device)) {
            @Override
            public AnonFile adopt(int fd) {
                taken.countDown();
                goOn.join();
                return super.adopt(fd);
            }
        });
        OnDemandServer server = OnDemandServer.builder(channel)
                .handler(new TestBlob(SIZE) {
                    @Override
                    public long open(OpenRequest request) throws IOException {
                        LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
                        refused.set(true);
                        throw new IOException("too late");
                    }
                })
                .start();
        var mount = kernel.mountAsync("a");
        taken.await();
        var closing = CompletableFuture.runAsync(server::close);
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos()); // it finds the thread neither idle nor in a handler
        goOn.complete(null);
        closing.get();
        assertTrue(refused.get(), "the handler goes on after the end of the server");
        KernelAssert.assertThat(kernel).isClean();
        assertThrows(Exception.class, mount::get);
    }
}
