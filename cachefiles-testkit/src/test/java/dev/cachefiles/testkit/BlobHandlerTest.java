// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.blob.Amplification;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.testkit.ScriptedSource.Range;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is fetched for which reads, and what becomes of readers when that fails or takes long. */
@Timeout(60)
class BlobHandlerTest {
    private static final int MIB = 1 << 20;
    private static final int BLOCK = 4096;

    private final FakeKernel kernel = FakeKernel.builder().readAhead(BLOCK).build();
    private OnDemandServer server;
    private BlobHandler handler;
    private ScriptedSource blob;

    private FakeMount mount(ScriptedSource source) throws IOException {
        return mount(source, Amplification.STANDARD);
    }

    private FakeMount mount(ScriptedSource source, Amplification amplification) throws IOException {
        blob = source;
        handler = new BlobHandler(key -> source, amplification, source.clock::get);
        server = OnDemandServer.builder(CachefilesChannel.open(
                        CacheOptions.builder(Path.of("/cache")).build(), kernel))
                .handler(handler)
                .virtualThreads()
                .shutdownTimeout(Duration.ofMillis(50))
                .start();
        return kernel.mount("blob");
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        blob.goOn();
        server.close();
        handler.close();
        KernelAssert.assertThat(kernel).isClean();
    }

    private static void check(ScriptedSource source, FakeMount mount, long offset, int length) throws IOException {
        assertArrayEquals(
                Arrays.copyOfRange(source.bytes, (int) offset, (int) offset + length), mount.read(offset, length));
    }

    /** Reads blocks in an order of chance. */
    private static void readAtRandom(ScriptedSource source, FakeMount mount, int count) throws IOException {
        List<Integer> blocks = new ArrayList<>();
        for (int i = 0; i < source.bytes.length / BLOCK; i++) {
            blocks.add(i);
        }
        Collections.shuffle(blocks, new Random(1));
        for (int block : blocks.subList(0, count)) {
            check(source, mount, (long) block * BLOCK, BLOCK);
        }
    }

    private static void assertFetchedOnce(ScriptedSource source) {
        var seen = new boolean[source.bytes.length];
        for (Range range : source.fetches) {
            for (long at = range.start(); at < range.end(); at++) {
                assertFalse(seen[(int) at], () -> "fetched twice: a byte of " + range + ", all: " + source.fetches);
                seen[(int) at] = true;
            }
        }
    }

    // How much is fetched

    @Test
    void a_lone_miss_fetches_a_small_aligned_window() throws Exception {
        var source = new ScriptedSource(4 * MIB);
        check(source, mount(source), MIB + 5 * BLOCK, BLOCK);
        assertEquals(List.of(new Range(MIB + 4 * BLOCK, 4 * BLOCK)), source.fetches);
    }

    @Test
    void nothing_is_fetched_but_what_is_asked_for_if_the_source_wants_it_so() throws Exception {
        var source = new ScriptedSource(4 * MIB);
        source.largestFill = 0;
        readAtRandom(source, mount(source), 500);
        assertEquals(500 * BLOCK, source.fetched());
    }

    @Test
    void nothing_is_fetched_but_what_is_asked_for_if_the_user_wants_it_so() throws Exception {
        var source = new ScriptedSource(4 * MIB);
        readAtRandom(source, mount(source, Amplification.OFF), 500);
        assertEquals(500 * BLOCK, source.fetched());
    }

    @Test
    void reads_of_all_of_a_blob_at_random_take_few_misses() throws Exception {
        var source = new ScriptedSource(32 * MIB);
        FakeMount mount = mount(source);
        readAtRandom(source, mount, source.bytes.length / BLOCK);
        assertTrue(kernel.counters().reads() < source.bytes.length / BLOCK / 20, kernel.counters()::toString);
        assertFetchedOnce(source);
    }

    @Test
    void sparse_reads_of_a_large_blob_fetch_little_in_vain() throws Exception {
        var source = new ScriptedSource(128 * MIB);
        int blocks = source.bytes.length / BLOCK / 100;
        readAtRandom(source, mount(source), blocks);
        assertTrue(source.fetched() <= 5L * blocks * BLOCK, () -> source.fetched() + " bytes for " + blocks);
    }

    @Test
    void a_reader_that_goes_on_makes_windows_grow_and_a_backward_one_too() throws Exception {
        var source = new ScriptedSource(16 * MIB);
        FakeMount mount = mount(source);
        for (int at = 0; at < 8 * MIB; at += BLOCK) {
            check(source, mount, at, BLOCK);
        }
        assertTrue(kernel.counters().reads() < 20, kernel.counters()::toString);
        for (int at = 16 * MIB - BLOCK; at >= 8 * MIB; at -= BLOCK) {
            check(source, mount, at, BLOCK);
        }
        assertTrue(kernel.counters().reads() < 40, kernel.counters()::toString);
        assertFetchedOnce(source);
    }

    @Test
    void the_end_of_a_blob_is_the_end_of_a_window() throws Exception {
        var source = new ScriptedSource(100_001);
        FakeMount mount = mount(source);
        check(source, mount, 100_000, 1);
        assertEquals(List.of(new Range(98_304, 100_001 - 98_304)), source.fetches);
    }

    @Test
    void what_the_cache_has_is_not_fetched_again() throws Exception {
        var source = new ScriptedSource(8 * MIB);
        FakeMount mount = mount(source);
        for (int at = 0; at < 8 * MIB; at += 512 << 10) {
            check(source, mount, at, BLOCK);
        }
        for (int at = 0; at < 8 * MIB; at += BLOCK) {
            check(source, mount, at, BLOCK);
        }
        assertFetchedOnce(source);
        assertEquals(8 * MIB, source.fetched());
    }

    @Test
    void whole_chunks_are_fetched_of_a_source_that_has_some() throws Exception {
        var source = new ScriptedSource(MIB).remote();
        source.chunkSize = 100_000;
        FakeMount mount = mount(source);
        check(source, mount, 204_800, BLOCK);
        assertEquals(1, source.fetches.size(), source.fetches::toString);
        Range range = source.fetches.getFirst();
        assertTrue(range.start() <= 200_000 && range.end() >= 300_000, range::toString);
        check(source, mount, 50 * BLOCK, BLOCK);
        assertEquals(1, source.fetches.size(), source.fetches::toString);
    }

    @Test
    void no_more_is_fetched_than_the_budget_allows() throws Exception {
        var source = new ScriptedSource(4 * MIB);
        FakeMount mount = mount(source, new Amplification(4 * MIB, 10 * BLOCK));
        source.stalling = offset -> true;
        List<CompletableFuture<byte[]>> readers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            readers.add(mount.readAsync(i * (MIB / 2L), BLOCK));
        }
        source.awaitFetches(5);
        // Three of 3 blocks beside their own; the others get what they have asked for.
        assertEquals((5 + 3 * 3) * BLOCK, source.fetched());
        source.goOn();
        for (int i = 0; i < 5; i++) {
            assertArrayEquals(
                    Arrays.copyOfRange(source.bytes, i * MIB / 2, i * MIB / 2 + BLOCK),
                    readers.get(i).get());
        }
    }

    // One fetch for all who ask

    @Test
    void a_range_is_fetched_once_however_many_ask_for_it() throws Exception {
        var source = new ScriptedSource(MIB);
        FakeMount mount = mount(source, Amplification.OFF);
        source.stalling = offset -> true;
        List<CompletableFuture<byte[]>> readers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            readers.add(mount.readAsync(BLOCK, BLOCK));
        }
        kernel.awaitDelivered(20);
        source.awaitFetches(1);
        source.goOn();
        for (CompletableFuture<byte[]> reader : readers) {
            assertArrayEquals(Arrays.copyOfRange(source.bytes, BLOCK, 2 * BLOCK), reader.get());
        }
        assertEquals(1, source.fetches.size(), source.fetches::toString);
    }

    @Test
    void who_asks_for_what_is_being_fetched_shares_the_failure() throws Exception {
        var source = new ScriptedSource(MIB);
        FakeMount mount = mount(source, Amplification.OFF);
        source.stalling = offset -> true;
        source.failing = offset -> true;
        List<CompletableFuture<byte[]>> readers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            readers.add(mount.readAsync(0, BLOCK));
        }
        kernel.awaitDelivered(10);
        source.awaitFetches(1);
        source.goOn();
        for (CompletableFuture<byte[]> reader : readers) {
            var e = assertThrows(ExecutionException.class, reader::get);
            assertEquals(CachefilesException.class, e.getCause().getClass());
        }
        source.failing = offset -> false;
        check(source, mount, 0, BLOCK);
    }

    @Test
    void a_reader_of_the_window_waits_for_it() throws Exception {
        var source = new ScriptedSource(MIB);
        FakeMount mount = mount(source);
        source.stalling = offset -> true;
        var first = mount.readAsync(0, BLOCK);
        source.awaitFetches(1);
        var second = mount.readAsync(2 * BLOCK, BLOCK);
        kernel.awaitDelivered(2);
        assertEquals(List.of(new Range(0, 4 * BLOCK)), source.fetches);
        source.goOn();
        assertArrayEquals(Arrays.copyOfRange(source.bytes, 0, BLOCK), first.get());
        assertArrayEquals(Arrays.copyOfRange(source.bytes, 2 * BLOCK, 3 * BLOCK), second.get());
        assertEquals(1, source.fetches.size());
    }

    // Who waits for what

    /** A remote source in whose second half reads run on, so that windows are large there. */
    private FakeMount withLargeWindows(ScriptedSource source) throws IOException {
        FakeMount mount = mount(source);
        for (int at = 0; at < 4 * MIB; at += BLOCK) {
            check(source, mount, at, BLOCK);
        }
        return mount;
    }

    @Test
    void a_reader_does_not_wait_for_the_rest_of_a_window_that_takes_long() throws Exception {
        var source = new ScriptedSource(16 * MIB).remote();
        FakeMount mount = withLargeWindows(source);
        int before = source.fetches.size();
        long start = source.fetches.stream().mapToLong(Range::end).max().orElseThrow();
        source.stalling = offset -> offset > start;
        check(source, mount, start, BLOCK);
        source.awaitFetches(before + 2);
        assertEquals(new Range(start, BLOCK), source.fetches.get(before));
        assertTrue(source.fetches.get(before + 1).length() > 64 << 10, source.fetches::toString);
        // And it is waited for by who wants it.
        var reader = mount.readAsync(start + BLOCK, BLOCK);
        kernel.awaitDelivered(1);
        assertEquals(before + 2, source.fetches.size());
        source.goOn();
        assertArrayEquals(Arrays.copyOfRange(source.bytes, (int) start + BLOCK, (int) start + 2 * BLOCK), reader.get());
    }

    @Test
    void a_miss_takes_what_was_to_follow_for_another() throws Exception {
        var source = new ScriptedSource(16 * MIB).remote();
        FakeMount mount = withLargeWindows(source);
        int before = source.fetches.size();
        long start = source.fetches.stream().mapToLong(Range::end).max().orElseThrow();
        source.stalling = offset -> offset == start + BLOCK;
        check(source, mount, start, BLOCK);
        source.awaitFetches(before + 2);
        long behind = source.fetches.get(before + 1).end();
        check(source, mount, behind + 10 * BLOCK, BLOCK); // does not wait for the part that stalls
        source.goOn();
        check(source, mount, start, 2 * MIB);
        assertFetchedOnce(source);
    }

    @Test
    void a_source_that_fails_beside_what_is_asked_for_fails_no_reader() throws Exception {
        var source = new ScriptedSource(16 * MIB);
        FakeMount mount = mount(source);
        source.failing = offset -> offset % (4 * BLOCK) == 0; // each window, but not each block
        for (int at = BLOCK; at < MIB; at += 4 * BLOCK) {
            check(source, mount, at, 3 * BLOCK);
        }
    }

    @Test
    void a_rest_that_fails_is_asked_for_again_by_its_reader_only() throws Exception {
        var source = new ScriptedSource(16 * MIB).remote();
        FakeMount mount = withLargeWindows(source);
        int before = source.fetches.size();
        long start = source.fetches.stream().mapToLong(Range::end).max().orElseThrow();
        source.failing = offset -> offset == start + BLOCK;
        check(source, mount, start, BLOCK);
        source.awaitFetches(before + 2);
        assertThrows(CachefilesException.class, () -> mount.read(start + BLOCK, BLOCK));
        source.failing = offset -> false;
        check(source, mount, start + BLOCK, BLOCK);
    }

    @Test
    void a_close_waits_for_the_rest_of_a_window() throws Exception {
        var source = new ScriptedSource(16 * MIB).remote();
        FakeMount mount = withLargeWindows(source);
        int before = source.fetches.size();
        long start = source.fetches.stream().mapToLong(Range::end).max().orElseThrow();
        source.stalling = offset -> offset > start;
        check(source, mount, start, BLOCK);
        source.awaitFetches(before + 2);
        mount.unmount();
        while (kernel.counters().closes() == 0) {
            Thread.onSpinWait(); // the test's own timeout ends it
        }
        assertFalse(source.closed);
        source.goOn();
        kernel.awaitOpenFds(0);
        assertTrue(source.closed);
    }

    @Test
    void the_end_of_the_server_does_not_wait_for_the_rest_of_a_window_for_ever() throws Exception {
        var source = new ScriptedSource(16 * MIB).remote();
        FakeMount mount = withLargeWindows(source);
        int before = source.fetches.size();
        long start = source.fetches.stream().mapToLong(Range::end).max().orElseThrow();
        source.stalling = offset -> offset > start;
        check(source, mount, start, BLOCK);
        source.awaitFetches(before + 2);
        server.close();
        source.goOn();
        kernel.awaitOpenFds(0);
    }
}
