// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.AnonFd;
import dev.cachefiles.CacheObject;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.HoleMap;
import dev.cachefiles.HoleMap.Range;
import dev.cachefiles.OpenRequest;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is known of how much of an object is cached. */
class CompletionTest extends DaemonTest {
    private static final int BLOCK = 4096;
    private static final int SIZE = 1_000_001;
    private static final Duration PROBE = Duration.ofSeconds(2);

    private final TestBlob blob = new TestBlob(SIZE);

    @BeforeEach
    void holdTheClock() {
        kernel = FakeKernel.builder().virtualTime().attachDelay(0).build();
    }

    private void probe() {
        kernel.awaitSleepers(1);
        kernel.advance(PROBE);
        kernel.awaitSleepers(1);
    }

    private void put(AnonFd fd, int offset, int length) throws Exception {
        fd.write(MemorySegment.ofArray(blob.bytes).asSlice(offset, length), offset);
    }

    @Test
    void the_map_is_that_of_the_file() throws Exception {
        try (CachefilesChannel channel = CachefilesChannel.open(Daemon.OPTIONS, kernel)) {
            var mounting = kernel.mountAsync("a");
            OpenRequest open = (OpenRequest) channel.take();
            CacheObject object = open.object();
            assertEquals(
                    Errno.ENOBUFS,
                    assertThrows(CachefilesException.class, object::holeMap).errno());
            open.accept(SIZE);
            mounting.get();
            put(object.fd(), 0, BLOCK);
            assertEquals(new HoleMap(SIZE, List.of(new Range(0, BLOCK))), object.holeMap());
            put(object.fd(), 5 * BLOCK, 2 * BLOCK);
            put(object.fd(), 244 * BLOCK, SIZE - 244 * BLOCK);
            HoleMap map = object.holeMap();
            assertEquals(
                    List.of(
                            new Range(0, BLOCK),
                            new Range(5 * BLOCK, 2 * BLOCK),
                            new Range(244 * BLOCK, SIZE - 244 * BLOCK)),
                    map.cached());
            assertEquals(List.of(new Range(BLOCK, 4 * BLOCK), new Range(7 * BLOCK, 237 * BLOCK)), map.missing());
            assertEquals(SIZE - 241 * BLOCK, object.cachedBytes());
            assertFalse(map.isComplete());
            put(object.fd(), 0, SIZE);
            assertEquals(new HoleMap(SIZE, List.of(new Range(0, SIZE))), object.holeMap());
            assertTrue(object.holeMap().isComplete());
            object.fd().close();
            assertThrows(ClosedChannelException.class, object::holeMap);
        }
    }

    @Test
    void the_map_waits_for_the_file_to_be_attached() throws Exception {
        kernel = FakeKernel.builder().attachDelay(5).build();
        try (CachefilesChannel channel = CachefilesChannel.open(Daemon.OPTIONS, kernel)) {
            var mounting = kernel.mountAsync("a");
            OpenRequest open = (OpenRequest) channel.take();
            open.accept(SIZE);
            assertEquals(0, open.object().cachedBytes());
            mounting.get();
        }
    }

    @Test
    void an_object_without_bytes_is_complete() {
        assertTrue(new HoleMap(0, List.of()).isComplete());
        assertEquals(List.of(), new HoleMap(0, List.of()).missing());
    }

    @Test
    void is_told_once_after_the_read_that_filled_the_last_hole() throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        mount.read(0, BLOCK);
        probe();
        assertEquals(List.of(), daemon.complete);
        mount.read(0, SIZE);
        await(() -> daemon.complete.size() == 1);
        assertTrue(daemon.complete.getFirst().isComplete());
        assertEquals(1, daemon.server.status().complete());
        assertEquals(1, daemon.server.status().open());
        probe();
        assertEquals(1, daemon.complete.size());
        mount.unmount();
        await(() -> daemon.server.status().open() == 0);
        assertEquals(0, daemon.server.status().complete());
    }

    @Test
    void is_told_of_an_object_that_was_complete_before() throws Exception {
        Daemon first = start(blob);
        FakeMount mount = kernel.mount("a");
        mount.read(0, SIZE);
        mount.unmount();
        first.server.close();
        Daemon second = start(blob);
        kernel.mount("a");
        probe();
        await(() -> second.complete.size() == 1);
        assertEquals(0, second.reads.size());
    }

    @Test
    void is_not_told_where_the_same_bytes_were_written_twice() throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        mount.read(0, BLOCK);
        await(() -> daemon.reads.size() == 1);
        AnonFd fd = daemon.reads.getFirst().fd();
        for (int i = 0; i < 3; i++) {
            put(fd, 0, SIZE - SIZE % BLOCK - BLOCK);
            probe();
        }
        assertEquals(List.of(), daemon.complete);
        assertEquals(0, daemon.server.status().complete());
        mount.read(SIZE - BLOCK - SIZE % BLOCK, BLOCK + SIZE % BLOCK);
        probe();
        await(() -> daemon.complete.size() == 1);
    }

    @Test
    void is_found_among_more_holes_than_are_counted_at_a_time() throws Exception {
        Daemon daemon = start(blob);
        FakeMount mount = kernel.mount("a");
        mount.read(0, BLOCK);
        await(() -> daemon.reads.size() == 1);
        AnonFd fd = daemon.reads.getFirst().fd();
        for (int i = 0; i < SIZE / BLOCK; i += 2) {
            put(fd, i * BLOCK, BLOCK);
        }
        probe();
        assertEquals(List.of(), daemon.complete);
        for (int i = 1; i < SIZE / BLOCK; i += 2) {
            put(fd, i * BLOCK, BLOCK);
        }
        put(fd, SIZE / BLOCK * BLOCK, SIZE % BLOCK);
        probe();
        await(() -> daemon.complete.size() == 1);
    }
}
