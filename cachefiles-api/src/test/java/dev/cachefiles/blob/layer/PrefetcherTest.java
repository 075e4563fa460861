// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.Prefetch;
import dev.cachefiles.blob.TransientException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrefetcherTest {
    private static final int PIECE = 4096;

    private final ManualTicker ticker = new ManualTicker();
    private final Events events = new Events();
    private final List<String> fills = new ArrayList<>();
    private Prefetcher prefetcher = builder().build();

    private Prefetcher.Builder builder() {
        return Prefetcher.builder().pieces(PIECE).ticker(ticker).listener(events);
    }

    @AfterEach
    void close() {
        prefetcher.close();
    }

    /** What the prefetcher says, in a form to be waited for. */
    private static final class Events implements PrefetchListener {
        final List<String> all = new ArrayList<>();

        private synchronized void add(String event) {
            all.add(event);
            notifyAll();
        }

        @Override
        public void progress(BlobKey key, long done, long total) {
            add(key.printableName() + " " + done + "/" + total);
        }

        @Override
        public void completed(BlobKey key) {
            add(key.printableName() + " completed");
        }

        @Override
        public void failed(BlobKey key, Throwable cause, boolean givenUp) {
            add(key.printableName() + " failed: " + cause.getMessage() + (givenUp ? ", given up" : ""));
        }

        @Override
        public void paused(boolean paused) {
            add(paused ? "paused" : "goes on");
        }

        synchronized void await(String event) throws InterruptedException {
            await(() -> all.contains(event));
        }

        synchronized void await(BooleanSupplier condition) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (!condition.getAsBoolean()) {
                assertTrue(System.nanoTime() < end, () -> "waited in vain; there was " + all);
                TimeUnit.MILLISECONDS.timedWait(this, 10);
            }
        }
    }

    /** A cache in which pieces are noted. */
    private class Sink implements Prefetch.Sink {
        final String name;
        final Map<Long, Long> filled = new HashMap<>();

        Sink(String name) {
            this.name = name;
        }

        @Override
        public boolean isFilled(long offset, long length) throws IOException {
            synchronized (fills) {
                return filled.getOrDefault(offset, 0L) >= length;
            }
        }

        @Override
        public void fill(long offset, long length) throws IOException {
            synchronized (fills) {
                filled.put(offset, length);
                fills.add(name + " " + offset + "+" + length);
            }
        }
    }

    private List<String> fills() {
        synchronized (fills) {
            return List.copyOf(fills);
        }
    }

    private static AccessList list(long... offsetsAndLengths) {
        var ranges = new ArrayList<AccessList.Range>();
        for (int i = 0; i < offsetsAndLengths.length; i += 2) {
            ranges.add(new AccessList.Range(offsetsAndLengths[i], offsetsAndLengths[i + 1]));
        }
        return new AccessList(ranges);
    }

    @Test
    void the_whole_blob_is_fetched_piece_by_piece() throws Exception {
        prefetcher.start(Blob.KEY, new Blob(10_000), new Sink("a"));
        events.await("blob completed");
        assertEquals(List.of("a 0+4096", "a 4096+4096", "a 8192+1808"), fills());
        assertEquals(List.of("blob 4096/10000", "blob 8192/10000", "blob 10000/10000", "blob completed"), events.all);
    }

    @Test
    void what_is_there_is_not_fetched() throws Exception {
        var sink = new Sink("a");
        sink.filled.put(4096L, 4096L);
        prefetcher.start(Blob.KEY, new Blob(10_000), sink);
        events.await("blob completed");
        assertEquals(List.of("a 0+4096", "a 8192+1808"), fills());
    }

    @Test
    void recorded_ranges_of_all_blobs_go_before_the_rest_of_any() throws Exception {
        prefetcher = builder()
                .lists(key -> Optional.of(list(8192, 4096, 0, 2000, 90_000, 10)))
                .build();
        prefetcher.missBegins();
        prefetcher.start(Blob.key("one"), new Blob(10_000), new Sink("one"));
        prefetcher.start(Blob.key("two"), new Blob(10_000), new Sink("two"));
        prefetcher.missEnds();
        events.await("one completed");
        events.await("two completed");
        List<String> all = fills();
        assertEquals(
                List.of("one 0+2000", "one 8192+1808", "two 0+2000", "two 8192+1808"),
                all.subList(0, 4).stream().sorted().toList());
        assertEquals(all.stream().filter(f -> f.startsWith("one")).toList().get(0), "one 8192+1808", "in order");
        assertEquals(8, all.size(), "then the rest: " + all);
    }

    @Test
    void a_blob_with_recorded_ranges_goes_before_one_without() throws Exception {
        prefetcher = builder()
                .lists(key ->
                        key.equals(Blob.KEY) ? Optional.of(list(0, 4096, 8192, 4096, 16384, 4096)) : Optional.empty())
                .build();
        prefetcher.missBegins();
        prefetcher.start(Blob.key("other"), new Blob(20_480), new Sink("other"));
        prefetcher.start(Blob.KEY, new Blob(20_480), new Sink("blob"));
        prefetcher.missEnds();
        events.await("blob completed");
        events.await("other completed");
        List<String> all = fills();
        assertTrue(all.indexOf("blob 16384+4096") < all.indexOf("other 4096+4096"), all::toString);
    }

    @Test
    void recorded_ranges_can_be_all_that_is_wanted() throws Exception {
        prefetcher = builder()
                .lists(key -> Optional.of(list(6000, 5000)))
                .whole(false)
                .build();
        prefetcher.start(Blob.KEY, new Blob(10_000), new Sink("a"));
        events.await("blob completed");
        assertEquals(List.of("a 6000+2192", "a 8192+1808"), fills(), "aligned from the second piece on");
        assertEquals("blob 4000/4000", events.all.get(1));
    }

    @Test
    void nothing_is_begun_while_someone_waits_for_a_miss() throws Exception {
        var filling = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        var sink = new Sink("a") {
            @Override
            public void fill(long offset, long length) throws IOException {
                filling.countDown();
                await(go);
                super.fill(offset, length);
            }
        };
        prefetcher.start(Blob.KEY, new Blob(10_000), sink);
        filling.await();
        prefetcher.missBegins();
        prefetcher.missBegins();
        go.countDown();
        events.await("blob 4096/10000");
        prefetcher.missEnds();
        awaitHeld();
        assertEquals(List.of("a 0+4096"), fills(), "the piece under way, and none after it");
        prefetcher.missEnds();
        events.await("blob completed");
    }

    /** Until its thread waits for the end of misses. */
    private void awaitHeld() {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!prefetcher.isHeld()) {
            assertTrue(System.nanoTime() < end, "does not wait");
            Thread.onSpinWait();
        }
    }

    @Test
    void for_a_time_after_a_miss_nothing_is_begun() throws Exception {
        prefetcher = builder().quiet(Duration.ofMillis(500)).build();
        prefetcher.missBegins();
        prefetcher.missEnds();
        prefetcher.start(Blob.KEY, new Blob(100), new Sink("a"));
        events.await("blob completed");
        assertEquals(List.of(Duration.ofMillis(500)), ticker.sleeps);
    }

    @Test
    void the_rate_is_kept() throws Exception {
        prefetcher = builder().rate(new TokenBucket(4096, 4096, ticker)).build();
        prefetcher.start(Blob.KEY, new Blob(5 * 4096), new Sink("a"));
        events.await("blob completed");
        assertEquals(Duration.ofSeconds(4), ticker.slept());
    }

    @Test
    void a_miss_that_begins_while_it_waits_for_its_rate_goes_before() throws Exception {
        var rated = new ManualTicker() {
            @Override
            public synchronized void sleep(long nanos) throws InterruptedException {
                super.sleep(nanos);
                if (sleeps.size() == 1) {
                    prefetcher.missBegins();
                }
            }
        };
        prefetcher = builder()
                .ticker(rated)
                .rate(new TokenBucket(4096, 4096, rated))
                .quiet(Duration.ZERO)
                .build();
        prefetcher.start(Blob.KEY, new Blob(2 * 4096), new Sink("a"));
        awaitHeld();
        assertEquals(List.of("a 0+4096"), fills());
        prefetcher.missEnds();
        events.await("blob completed");
    }

    @Test
    void it_pauses_while_the_disk_is_busy() throws Exception {
        int[] looks = {0};
        prefetcher = builder().pauseWhile(() -> looks[0]++ < 3).build();
        prefetcher.start(Blob.KEY, new Blob(100), new Sink("a"));
        events.await("blob completed");
        assertEquals(List.of("paused", "goes on", "blob 100/100", "blob completed"), events.all);
        assertEquals(Duration.ofMillis(300), ticker.slept());
    }

    @Test
    void a_piece_that_fails_is_tried_again_later_and_keeps_no_other_blob_waiting() throws Exception {
        var failing = new Sink("a") {
            int failures = 3;

            @Override
            public void fill(long offset, long length) throws IOException {
                if (failures-- > 0) {
                    throw new TransientException("busy");
                }
                super.fill(offset, length);
            }
        };
        prefetcher.missBegins();
        prefetcher.start(Blob.KEY, new Blob(100), failing);
        prefetcher.start(Blob.key("good"), new Blob(100), new Sink("b"));
        prefetcher.missEnds();
        events.await("blob completed");
        assertTrue(events.all.indexOf("good completed") < events.all.indexOf("blob completed"));
        assertEquals(3, events.all.stream().filter("blob failed: busy"::equals).count());
        assertTrue(ticker.slept().compareTo(Duration.ofSeconds(1 + 2 + 4)) >= 0, ticker.slept()::toString);
    }

    @Test
    void a_blob_that_always_fails_is_given_up() throws Exception {
        prefetcher.start(Blob.KEY, new Blob(100), new Sink("a") {
            @Override
            public void fill(long offset, long length) throws IOException {
                throw new IllegalStateException("bug");
            }
        });
        events.await("blob failed: bug, given up");
        assertEquals(10, events.all.size());
    }

    @Test
    void a_blob_that_was_closed_meanwhile_is_no_failure() throws Exception {
        prefetcher.start(Blob.key("gone"), new Blob(100), new Sink("a") {
            @Override
            public void fill(long offset, long length) throws IOException {
                throw new ClosedChannelException();
            }
        });
        prefetcher.start(Blob.KEY, new Blob(100), new Sink("b"));
        events.await("blob completed");
        assertFalse(events.all.toString().contains("gone"), events.all::toString);
    }

    @Test
    void closing_a_job_interrupts_it_and_waits_for_it() throws Exception {
        var filling = new CountDownLatch(1);
        var left = new boolean[1];
        Prefetch.Job job = prefetcher.start(Blob.KEY, new Blob(100), new Sink("a") {
            @Override
            public void fill(long offset, long length) throws IOException {
                filling.countDown();
                try {
                    await(new CountDownLatch(1));
                } finally {
                    left[0] = true;
                }
            }
        });
        filling.await();
        job.close();
        assertTrue(left[0]);
        job.close();
        prefetcher.start(Blob.key("next"), new Blob(100), new Sink("b"));
        events.await("next completed");
        assertFalse(events.all.toString().contains("blob"), events.all::toString);
    }

    @Test
    void closing_a_job_that_is_held_back_ends_it() throws Exception {
        prefetcher.missBegins();
        Prefetch.Job job = prefetcher.start(Blob.KEY, new Blob(100), new Sink("a"));
        awaitHeld();
        job.close();
        prefetcher.missEnds();
        prefetcher.start(Blob.key("next"), new Blob(100), new Sink("b"));
        events.await("next completed");
        assertEquals(List.of("b 0+100"), fills());
    }

    @Test
    void closing_it_ends_all() throws Exception {
        prefetcher.missBegins();
        Prefetch.Job job = prefetcher.start(Blob.KEY, new Blob(100), new Sink("a"));
        awaitHeld();
        prefetcher.close();
        job.close();
        prefetcher.start(Blob.key("late"), new Blob(100), new Sink("b")).close();
        assertEquals(List.of(), fills());
        assertEquals(List.of(), events.all);
    }

    @Test
    void pieces_are_whole_chunks_of_the_source() throws Exception {
        prefetcher.start(
                Blob.KEY,
                new Blob(20_000) {
                    @Override
                    public long chunkSize() {
                        return 10_000;
                    }
                },
                new Sink("a"));
        events.await("blob completed");
        assertEquals(List.of("a 0+10000", "a 10000+10000"), fills());
    }

    @Test
    void a_fetch_has_a_deadline_that_no_one_waits_for() throws Exception {
        var seen = new ArrayList<Deadline>();
        prefetcher.start(Blob.KEY, new Blob(100), new Sink("a") {
            @Override
            public void fill(long offset, long length) {
                seen.add(Deadline.current());
            }
        });
        events.await("blob completed");
        assertEquals(List.of(Prefetcher.NO_ONE_WAITS), seen);
    }

    @Test
    void an_empty_blob_is_no_work() throws Exception {
        prefetcher.start(Blob.KEY, new Blob(0), new Sink("a")).close();
        assertEquals(List.of(), events.all);
    }

    @Test
    void pressure_on_the_disk_is_what_linux_reports(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("io");
        var pressure = new IoPressure(file, 20, ticker);
        assertFalse(pressure.getAsBoolean(), "no such file");
        Files.writeString(file, "some avg10=20.01 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00\n");
        assertFalse(pressure.getAsBoolean(), "looks once a second");
        ticker.advance(Duration.ofSeconds(1));
        assertTrue(pressure.getAsBoolean());
        Files.writeString(file, "some avg10=20.00 avg60=99.00 avg300=99.00 total=1\nfull avg10=99.00 avg60=99.00\n");
        ticker.advance(Duration.ofSeconds(1));
        assertFalse(pressure.getAsBoolean());
    }

    private static void await(CountDownLatch latch) throws InterruptedIOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new InterruptedIOException("stopped");
        }
    }
}
