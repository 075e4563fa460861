// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ProtocolException;
import dev.cachefiles.ReadRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** READs for an object whose only fd is another process's: nobody here can answer them. */
class StrayReadTest extends DaemonTest {
    private static final int SIZE = 10_000;
    private static final Duration PROBE = Duration.ofSeconds(2);
    private static final int PROBES_BETWEEN_RESTORES = 15;

    private final Blockade blob = new Blockade(SIZE, Blockade.NONE, true);

    @BeforeEach
    void holdTheClock() {
        kernel = FakeKernel.builder().virtualTime().build();
    }

    /** To the next probe, and until the watchdog sleeps again. */
    private void probe() {
        kernel.awaitSleepers(1);
        kernel.advance(PROBE);
        kernel.awaitSleepers(1);
    }

    private long restores() {
        return kernel.commands().stream().filter("restore"::equals).count();
    }

    /** A child inherits the fd of a blob, and the daemon closes its own: the kernel does not notice. */
    private InheritedFds giveTheFdAway(Daemon daemon, FakeMount mount) throws Exception {
        mount.read(0, 10);
        await(() -> !daemon.reads.isEmpty());
        InheritedFds child = kernel.process().inheritFds();
        daemon.reads.getFirst().fd().close();
        kernel.awaitOpenFds(0);
        return child;
    }

    @ParameterizedTest
    @EnumSource
    void are_asked_for_again_and_served_once_their_object_is_ours(Mode mode) throws Exception {
        Daemon daemon = start(blob, builder -> mode.set(builder, blob));
        FakeMount mount = kernel.mount("a");
        InheritedFds child = giveTheFdAway(daemon, mount);
        CompletableFuture<byte[]> reader = mount.readAsync(4096, 10);
        await(() -> daemon.troubles.size() == 1);
        assertInstanceOf(ProtocolException.class, daemon.troubles.getFirst());
        assertFalse(reader.isDone());
        assertEquals(0, restores());
        child.close();
        probe();
        assertArrayEquals(blob.range(4096, 10), reader.get());
        assertEquals(1, restores());
        assertEquals(2, kernel.counters().opens());
        await(() -> daemon.server.status().running() == 0); // or the time that passes now would be its handler's
        for (int i = 0; i <= PROBES_BETWEEN_RESTORES; i++) {
            probe();
        }
        assertEquals(1, restores());
    }

    @Test
    void are_not_asked_for_all_the_time() throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        InheritedFds child = giveTheFdAway(daemon, mount);
        CompletableFuture<byte[]> reader = mount.readAsync(4096, 10);
        await(() -> daemon.troubles.size() == 1);
        probe();
        await(() -> daemon.troubles.size() == 2); // the child has the fd still
        for (int i = 1; i < PROBES_BETWEEN_RESTORES; i++) {
            probe();
            assertEquals(1, restores());
        }
        assertFalse(reader.isDone());
        child.close();
        probe();
        assertArrayEquals(blob.range(4096, 10), reader.get());
        assertEquals(2, restores());
        assertEquals(2, daemon.troubles.size());
    }

    @Test
    void are_not_asked_for_while_an_open_is_unanswered_which_would_fail() throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        InheritedFds child = giveTheFdAway(daemon, mount);
        CompletableFuture<byte[]> reader = mount.readAsync(4096, 10);
        await(() -> daemon.troubles.size() == 1);
        child.close();
        blob.holds = OpenRequest.class;
        CompletableFuture<FakeMount> mounting = kernel.mountAsync("b");
        blob.awaitHeld(1);
        for (int i = 0; i < 3; i++) {
            probe();
        }
        assertEquals(0, restores());
        blob.lift();
        mounting.get();
        await(() -> daemon.server.status().running() == 0); // the server knows that it has answered
        probe();
        assertArrayEquals(blob.range(4096, 10), reader.get());
        assertEquals(1, restores());
        assertEquals(3, kernel.counters().opens());
    }

    @Test
    void do_not_disturb_readers_that_are_being_served() throws Exception {
        Daemon daemon = start(blob, OnDemandServer.Builder::virtualThreads);
        FakeMount mount = kernel.mount("a");
        InheritedFds child = giveTheFdAway(daemon, mount);
        CompletableFuture<byte[]> stray = mount.readAsync(4096, 10);
        await(() -> daemon.troubles.size() == 1);
        child.close();
        FakeMount other = kernel.mount("b");
        blob.holds = ReadRequest.class;
        CompletableFuture<byte[]> served = other.readAsync(0, SIZE);
        blob.awaitHeld(1);
        await(() -> daemon.server.status().running() == 1);
        kernel.awaitSleepers(1);
        kernel.advance(PROBE);
        blob.awaitHeld(2); // both once more
        blob.lift();
        assertArrayEquals(blob.bytes, served.get());
        assertArrayEquals(blob.range(4096, 10), stray.get());
        assertEquals(0, daemon.readFailures.size());
    }
}
