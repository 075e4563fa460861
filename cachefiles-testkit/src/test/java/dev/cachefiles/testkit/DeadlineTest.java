// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.Concurrency;
import dev.cachefiles.Errno;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.Request;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** No handler holds a reader longer than the deadline. */
class DeadlineTest extends DaemonTest {
    private static final int SIZE = 10_000;
    private static final Duration OPEN = Duration.ofSeconds(15);
    private static final Duration READ = Duration.ofSeconds(30);
    private static final Duration SECOND_TRY = Duration.ofMillis(500);

    @BeforeEach
    void holdTheClock() {
        kernel = FakeKernel.builder().virtualTime().build();
    }

    private Daemon start(Mode mode, TestBlob blob) throws IOException {
        return start(mode, blob, builder -> {});
    }

    private Daemon start(Mode mode, TestBlob blob, Consumer<OnDemandServer.Builder> more) throws IOException {
        return start(blob, builder -> {
            mode.set(builder.shutdownTimeout(Duration.ofMillis(50)), blob);
            more.accept(builder);
        });
    }

    private void pass(Duration time) {
        kernel.awaitSleepers(1);
        kernel.advance(time);
    }

    private static Errno failure(CompletableFuture<?> pending) {
        var thrown = assertThrows(ExecutionException.class, pending::get);
        return assertInstanceOf(CachefilesException.class, thrown.getCause()).errno();
    }

    @ParameterizedTest
    @EnumSource
    void a_read_that_is_not_served_ends_with_eio(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, ReadRequest.class, false);
        Daemon daemon = start(mode, blob);
        FakeMount mount = kernel.mount("a");
        var reader = mount.readAsync(0, SIZE);
        blob.awaitHeld(1);
        pass(READ.minusMillis(1));
        assertFalse(reader.isDone());
        assertFalse(blob.held.getFirst().isCancelled());
        assertEquals(Duration.ofMillis(1), blob.held.getFirst().timeLeft().orElseThrow());

        pass(Duration.ofMillis(1));
        blob.awaitHeld(1); // the kernel tries once more
        assertTrue(blob.held.getFirst().isCancelled());
        assertFalse(reader.isDone());
        pass(SECOND_TRY);
        assertEquals(Errno.EIO, failure(reader));

        await(() -> blob.interrupted.size() == 2 && daemon.readFailures.size() == 2);
        assertInstanceOf(TimeoutException.class, daemon.readFailures.getFirst());
        await(() -> daemon.server.status().overdue() == 2);
        assertEquals(2, daemon.server.status().cancelled());

        // The next read works although the handlers are still stuck; and when they return, nothing happens.
        blob.holds = Blockade.NONE;
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
        blob.lift();
        daemon.awaitLate(2);
        assertEquals(0, daemon.server.status().overdue());
        assertEquals(0, kernel.counters().refusedAnswers());
    }

    @ParameterizedTest
    @EnumSource
    void a_handler_that_heeds_the_interrupt_is_not_left_behind(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, ReadRequest.class, true);
        Daemon daemon = start(mode, blob);
        var reader = kernel.mount("a").readAsync(0, SIZE);
        blob.awaitHeld(1);
        pass(READ);
        blob.awaitHeld(1);
        pass(SECOND_TRY);
        assertEquals(Errno.EIO, failure(reader));
        daemon.awaitLate(2);
        assertEquals(0, daemon.server.status().overdue());
    }

    @ParameterizedTest
    @EnumSource
    void an_open_that_is_not_served_is_refused(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, OpenRequest.class, false);
        Daemon daemon = start(mode, blob);
        var mount = kernel.mountAsync("a");
        blob.awaitHeld(1);
        pass(OPEN);
        assertEquals(Errno.ENOBUFS, failure(mount));
        assertEquals(List.of("copen 0,-110"), copens());
        await(() -> !daemon.openFailures.isEmpty());
        assertInstanceOf(TimeoutException.class, daemon.openFailures.getFirst());
        kernel.awaitOpenFds(0);

        // What the handler has for the object is closed once it has returned; the size it returns goes nowhere.
        assertEquals(List.of(), blob.closed);
        blob.lift();
        daemon.awaitLate(1);
        await(() -> !blob.closed.isEmpty());
        assertEquals(List.of("copen 0,-110"), copens());
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, SIZE));
    }

    private List<String> copens() {
        return kernel.commands().stream()
                .filter(command -> command.startsWith("copen"))
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void a_re_open_that_is_not_served_is_accepted_and_its_read_gets_another_chance(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, CloseRequest.class, false);
        Daemon daemon = start(mode, blob);
        FakeMount mount = kernel.mount("a");
        mount.read(0, 10);
        await(() -> !daemon.reads.isEmpty());
        daemon.reads.getFirst().fd().close();
        kernel.awaitOpenFds(0);
        blob.holds = OpenRequest.class;
        var reader = mount.readAsync(8192, 10);
        blob.awaitHeld(1);
        pass(OPEN);
        blob.awaitHeld(1); // asked again, for the READ
        assertEquals(List.of("copen 0," + SIZE, "copen 3," + SIZE), copens());
        blob.lift();
        assertArrayEquals(blob.range(8192, 10), reader.get());
        daemon.awaitLate(1);
    }

    @Test
    void requests_that_wait_for_their_turn_have_deadlines_too() throws Exception {
        var blob = new Blockade(SIZE, ReadRequest.class, false);
        Daemon daemon = start(
                Mode.DIRECT,
                blob,
                builder -> builder.concurrency(Concurrency.SERIAL).threads(2));
        List<FakeMount> mounts = new ArrayList<>();
        List<CompletableFuture<byte[]>> readers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            mounts.add(kernel.mount("image" + i));
        }
        mounts.forEach(mount -> readers.add(mount.readAsync(0, SIZE)));
        blob.awaitHeld(1);
        kernel.awaitDelivered(5);
        await(() -> daemon.server.status().waiting() == 4);
        assertEquals(1, daemon.server.status().running());
        pass(READ);
        // All five end, though four of them have never been started; and so do the kernel's second tries.
        await(() -> daemon.readFailures.size() == 5);
        kernel.awaitDelivered(5);
        await(() -> daemon.server.status().waiting() == 4);
        pass(SECOND_TRY);
        for (CompletableFuture<byte[]> reader : readers) {
            assertEquals(Errno.EIO, failure(reader));
        }
        blob.lift();
        assertArrayEquals(blob.bytes, mounts.getLast().read(0, SIZE));
        daemon.awaitLate(1);
    }

    @Test
    void without_deadlines_a_reader_waits_as_long_as_it_takes() throws Exception {
        var blob = new Blockade(SIZE, ReadRequest.class, false);
        start(Mode.DIRECT, blob, OnDemandServer.Builder::noDeadlines);
        var reader = kernel.mount("a").readAsync(0, SIZE);
        blob.awaitHeld(1);
        pass(Duration.ofDays(365));
        assertTrue(blob.held.getFirst().timeLeft().isEmpty());
        kernel.awaitSleepers(1);
        assertFalse(reader.isDone());
        blob.lift();
        assertArrayEquals(blob.bytes, reader.get());
    }

    @ParameterizedTest
    @EnumSource
    void a_close_that_does_not_end_loses_its_fd_all_the_same(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, CloseRequest.class, false);
        Daemon daemon = start(mode, blob);
        kernel.mount("a").unmount();
        blob.awaitHeld(1);
        assertEquals(1, kernel.openFds());
        pass(READ);
        kernel.awaitOpenFds(0);
        assertArrayEquals(blob.bytes, kernel.mount("a").read(0, SIZE));
        blob.lift();
        daemon.awaitLate(1);
    }

    @ParameterizedTest
    @EnumSource
    void with_too_many_handlers_stuck_requests_fail_at_once(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, OpenRequest.class, false);
        Daemon daemon = start(mode, blob, builder -> builder.maxRequests(2));
        var first = kernel.mountAsync("a");
        blob.awaitHeld(1);
        pass(Duration.ofMillis(30)); // a device thread that is held up is replaced
        var second = kernel.mountAsync("b");
        blob.awaitHeld(1);
        pass(OPEN);
        assertEquals(Errno.ENOBUFS, failure(first));
        assertEquals(Errno.ENOBUFS, failure(second));
        await(() -> daemon.server.status().overdue() == 2);
        blob.holds = Blockade.NONE;
        assertEquals(
                Errno.ENOBUFS,
                assertThrows(CachefilesException.class, () -> kernel.mount("c")).errno());
        await(() -> daemon.openFailures.size() == 3);
        assertTrue(
                daemon.openFailures.getLast().getMessage().startsWith("2 handlers have not returned"),
                daemon.openFailures.getLast().getMessage());
        blob.lift();
        daemon.awaitLate(2);
        assertArrayEquals(blob.bytes, kernel.mount("d").read(0, SIZE));
    }

    @Test
    void who_asks_is_told_when_no_one_waits_any_more() throws Exception {
        var told = new AtomicInteger();
        var blob = new Blockade(SIZE, ReadRequest.class, true);
        start(Mode.DIRECT, blob);
        var reader = kernel.mount("a").readAsync(0, SIZE);
        blob.awaitHeld(1);
        Request request = blob.held.getFirst();
        request.onCancel(() -> told.addAndGet(100));
        request.onCancel(told::incrementAndGet); // in its place
        assertEquals(0, told.get());
        pass(READ);
        blob.awaitHeld(1);
        await(() -> told.get() > 0);
        assertEquals(1, told.get());
        request.onCancel(told::incrementAndGet);
        assertEquals(2, told.get());
        assertEquals(Duration.ZERO, request.timeLeft().orElseThrow());
        assertEquals(READ, request.age());
        pass(SECOND_TRY);
        failure(reader);
    }

    @Test
    void an_error_of_who_is_told_keeps_no_server_from_closing() throws Exception {
        var blob = new Blockade(SIZE, ReadRequest.class, true);
        Daemon daemon = start(Mode.DIRECT, blob);
        var reader = kernel.mount("a").readAsync(0, SIZE);
        blob.awaitHeld(1);
        blob.held.getFirst().onCancel(() -> {
            throw new StackOverflowError("as planned");
        });
        daemon.close();
        assertThrows(ExecutionException.class, reader::get);
        assertInstanceOf(StackOverflowError.class, daemon.troubles.getFirst());
    }

    @Test
    void what_is_answered_too_late_is_dropped() throws Exception {
        var outcomes = new ArrayList<Boolean>();
        var blob = new Blockade(SIZE, ReadRequest.class, false) {
            @Override
            public void read(ReadRequest request) throws IOException {
                super.read(request);
                if (request.isCancelled()) {
                    outcomes.add(request.complete());
                    request.fail();
                }
            }
        };
        Daemon daemon = start(Mode.DIRECT, blob);
        var reader = kernel.mount("a").readAsync(0, SIZE);
        blob.awaitHeld(1);
        blob.holds = Blockade.NONE;
        pass(READ);
        assertArrayEquals(blob.bytes, reader.get());
        blob.lift();
        daemon.awaitLate(1);
        assertEquals(List.of(false), outcomes);
        assertEquals(0, kernel.counters().refusedAnswers());
    }
}
