// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.ReadRequest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A cache that the kernel has given up, which only a probe can tell. */
class DeadCacheTest extends DaemonTest {
    private static final int SIZE = 10_000;
    private static final Duration PROBE = Duration.ofSeconds(2);

    @BeforeEach
    void holdTheClock() {
        kernel = FakeKernel.builder().virtualTime().build();
    }

    private void pass(Duration time) {
        kernel.awaitSleepers(1);
        kernel.advance(time);
    }

    @Test
    void is_noticed_and_bound_again() throws Exception {
        var blob = new Blockade(SIZE, Blockade.NONE, true);
        Daemon daemon = start(blob);
        kernel.mount("a").read(0, 10);
        kernel.disk().fail();
        pass(PROBE);
        await(() -> daemon.events.size() == 2);
        assertEquals(List.of("died", "reopened"), List.copyOf(daemon.events));
        assertEquals(1, blob.closed.size(), "objects of which the handler heard the end");
        assertTrue(daemon.server.status().bound());
        assertArrayEquals(blob.bytes, kernel.mount("b").read(0, SIZE));
    }

    @Test
    void is_noticed_with_readers_that_wait_and_handlers_that_do_not_return() throws Exception {
        var blob = new Blockade(SIZE, ReadRequest.class, false);
        Daemon daemon = start(blob);
        var reader = kernel.mount("a").readAsync(0, SIZE);
        blob.awaitHeld(1);
        kernel.disk().fail();
        assertThrows(Exception.class, reader::get);
        pass(PROBE);
        await(() -> daemon.events.contains("reopened"));
        blob.lift();
        daemon.awaitLate(1);
        assertArrayEquals(blob.bytes, kernel.mount("b").read(0, SIZE));
    }

    @Test
    void ends_a_server_that_is_to_end_with_it() throws Exception {
        Daemon daemon = start(new TestBlob(SIZE), OnDemandServer.Builder::endWithCache);
        kernel.disk().fail();
        pass(PROBE);
        var thrown = assertThrows(CachefilesException.class, daemon.server::awaitTermination);
        assertEquals(Errno.EIO, thrown.errno());
        assertTrue(thrown.getMessage().contains("given it up"), thrown.getMessage());
    }

    @Test
    void a_server_can_be_closed_while_it_tries_to_open_it_again() throws Exception {
        Daemon daemon = start(new TestBlob(SIZE));
        kernel.disk().makeReadOnly();
        kernel.disk().fail();
        pass(PROBE);
        await(() -> !daemon.troubles.isEmpty());
        assertFalse(daemon.server.status().bound());
        assertTrue(daemon.troubles.getFirst().getMessage().contains("cannot be opened again yet"));
        daemon.close();
        daemon.server.awaitTermination();
    }

    @Test
    void is_tried_again_until_it_can_be_opened() throws Exception {
        var blob = new TestBlob(SIZE);
        Daemon daemon = start(blob);
        kernel.faults().onOpen(1).fail(Errno.EBUSY);
        kernel.faults().onOpen(2).fail(Errno.EBUSY);
        kernel.disk().fail();
        pass(PROBE);
        await(() -> daemon.events.size() == 2);
        assertEquals(List.of("died", "reopened"), List.copyOf(daemon.events));
        assertEquals(1, daemon.troubles.size(), "the same complaint twice");
        assertArrayEquals(blob.bytes, kernel.mount("b").read(0, SIZE));
    }

    @Test
    void tells_whoever_drives_a_channel() throws Exception {
        CachefilesChannel channel = CachefilesChannel.open(Daemon.OPTIONS, kernel);
        assertFalse(channel.isDead());
        assertThrows(IllegalStateException.class, channel::reopen);
        kernel.disk().fail();
        assertTrue(channel.isDead());
        channel.close();
        try (CachefilesChannel next = channel.reopen()) {
            assertFalse(next.isDead());
        }
    }
}
