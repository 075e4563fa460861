// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.Concurrency;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.ServerStatus;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The numbers by which an operator sees how a server is doing. */
class StatusTest extends DaemonTest {
    private static final int SIZE = 10_000;
    private static final int ASKED = 12_288;
    private static final int PAGE = 4096;

    @BeforeEach
    void holdTheClock() {
        kernel = FakeKernel.builder().virtualTime().build();
    }

    private static ServerStatus idle(long cancelled) {
        return status(0, 0, 0, Duration.ZERO, 0, cancelled);
    }

    private static ServerStatus status(
            int running, int waiting, long bytes, Duration oldest, int overdue, long cancelled) {
        return new ServerStatus(running, waiting, bytes, oldest, overdue, cancelled, 0, 0, true);
    }

    /** But for the objects that are open. */
    private static ServerStatus statusOf(Daemon daemon) {
        ServerStatus now = daemon.server.status();
        return status(now.running(), now.waiting(), now.bytes(), now.oldest(), now.overdue(), now.cancelled());
    }

    private static void awaitStatus(Daemon daemon, ServerStatus status) {
        try {
            await(() -> statusOf(daemon).equals(status));
        } catch (AssertionError e) {
            assertEquals(status, statusOf(daemon));
        }
    }

    private void pass(Duration time) {
        kernel.awaitSleepers(1);
        kernel.advance(time);
    }

    @ParameterizedTest
    @EnumSource
    void shows_what_is_served_and_how_long_the_oldest_has_waited(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, Blockade.NONE, true);
        Daemon daemon = start(blob, builder -> mode.set(builder, blob));
        assertEquals(idle(0), statusOf(daemon));
        FakeMount mount = kernel.mount("a");
        blob.holds = ReadRequest.class;
        CompletableFuture<byte[]> reader = mount.readAsync(0, SIZE);
        blob.awaitHeld(1);
        awaitStatus(daemon, status(1, 0, ASKED, Duration.ZERO, 0, 0));
        pass(Duration.ofSeconds(3));
        awaitStatus(daemon, status(1, 0, ASKED, Duration.ofSeconds(3), 0, 0));
        blob.holds = OpenRequest.class;
        CompletableFuture<FakeMount> mounting = kernel.mountAsync("b");
        blob.awaitHeld(1);
        pass(Duration.ofSeconds(4));
        awaitStatus(daemon, status(2, 0, ASKED, Duration.ofSeconds(7), 0, 0));
        blob.lift();
        reader.get();
        mounting.get();
        awaitStatus(daemon, idle(0));
    }

    @ParameterizedTest
    @EnumSource
    void shows_what_waits_and_what_has_been_given_up(Mode mode) throws Exception {
        var blob = new Blockade(SIZE, Blockade.NONE, false);
        Daemon daemon = start(
                blob,
                builder -> mode.set(
                        builder.concurrency(Concurrency.SERIAL).threads(2).shutdownTimeout(Duration.ofMillis(50)),
                        blob));
        FakeMount first = kernel.mount("a");
        FakeMount second = kernel.mount("b");
        blob.holds = ReadRequest.class;
        CompletableFuture<byte[]> reader = first.readAsync(0, SIZE);
        blob.awaitHeld(1);
        pass(Duration.ofSeconds(2));
        CompletableFuture<byte[]> waiting = second.readAsync(0, SIZE);
        awaitStatus(daemon, status(1, 1, ASKED, Duration.ofSeconds(2), 0, 0));
        pass(Duration.ofSeconds(28));
        // The first has failed, the second has its turn, and the kernel's second try of the first waits.
        blob.awaitHeld(1);
        awaitStatus(daemon, status(1, 1, ASKED, Duration.ofSeconds(28), 1, 1));
        pass(Duration.ofSeconds(1));
        assertThrows(ExecutionException.class, reader::get);
        awaitStatus(daemon, status(1, 0, ASKED, Duration.ofSeconds(29), 1, 2));
        pass(Duration.ofSeconds(1));
        // The second has failed too, and the kernel's second try, which is for a page, has its turn.
        blob.awaitHeld(1);
        awaitStatus(daemon, status(1, 0, PAGE, Duration.ZERO, 2, 3));
        pass(Duration.ofSeconds(1));
        assertThrows(ExecutionException.class, waiting::get);
        awaitStatus(daemon, status(0, 0, 0, Duration.ZERO, 3, 4));
        blob.lift();
        awaitStatus(daemon, idle(4));
    }
}
