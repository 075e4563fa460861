// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who may be served now, without a server around it. */
class AdmissionTest {
    private static final int LOTS = 1000;

    private final StubDevice device = new StubDevice();

    private ReadRequest read(CacheObject object, long length) {
        var request = new ReadRequest(object, device.nextId(), 0, length, true);
        request.beginTurn();
        return request;
    }

    private static void cancel(PendingRequest request) {
        var _ = request.endTurn();
    }

    /** All that may pass now, in the order in which it does. */
    private static List<PendingRequest> pass(Admission admission) {
        List<PendingRequest> passed = new ArrayList<>();
        for (PendingRequest next = admission.next(); next != null; next = admission.next()) {
            passed.add(next);
        }
        return passed;
    }

    private static void assertIdle(Admission admission) {
        assertNull(admission.next());
        assertEquals(0, admission.requests());
        assertEquals(0, admission.bytes());
        assertEquals(0, admission.waiting());
    }

    @Test
    void objects_take_turns_however_many_requests_one_of_them_has() {
        var admission = new Admission(Concurrency.SERIAL, LOTS, LOTS);
        CacheObject greedy = device.object();
        CacheObject modest = device.object();
        CacheObject other = device.object();
        PendingRequest running = read(greedy, 1);
        assertTrue(admission.admit(running));
        List<PendingRequest> waiting = new ArrayList<>();
        for (CacheObject object : List.of(greedy, greedy, greedy, modest, other, modest)) {
            PendingRequest request = read(object, 1);
            waiting.add(request);
            assertFalse(admission.admit(request));
            assertNull(admission.next());
        }
        List<PendingRequest> order = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            admission.release(running);
            running = admission.next();
            order.add(running);
            assertNull(admission.next());
        }
        assertEquals(
                List.of(0, 3, 4, 1, 5, 2), order.stream().map(waiting::indexOf).toList());
        admission.release(running);
        assertIdle(admission);
    }

    @Test
    void bytes_are_limited_but_one_request_alone_may_have_any_number() {
        var admission = new Admission(Concurrency.PARALLEL, LOTS, 100);
        PendingRequest huge = read(device.object(), 1000);
        PendingRequest small = read(device.object(), 1);
        assertTrue(admission.admit(huge));
        assertFalse(admission.admit(small));
        assertNull(admission.next());
        assertEquals(1000, admission.bytes());
        admission.release(huge);
        assertSame(small, admission.next());
        PendingRequest rest = read(device.object(), 99);
        assertTrue(admission.admit(rest));
        PendingRequest large = read(device.object(), 101);
        assertFalse(admission.admit(large));
        admission.release(small);
        assertNull(admission.next());
        admission.release(rest);
        assertSame(large, admission.next());
        admission.release(large);
        assertIdle(admission);
    }

    @Test
    void a_large_request_is_not_overtaken_for_ever_by_small_ones() {
        var admission = new Admission(Concurrency.PARALLEL, LOTS, 100);
        PendingRequest running = read(device.object(), 60);
        PendingRequest large = read(device.object(), 60);
        PendingRequest small = read(device.object(), 1);
        assertTrue(admission.admit(running));
        assertFalse(admission.admit(large));
        assertFalse(admission.admit(small), "there would be room for it");
        assertNull(admission.next());
        admission.release(running);
        assertEquals(List.of(large, small), pass(admission));
    }

    @Test
    void what_asks_for_no_bytes_passes_where_bytes_are_short() {
        var admission = new Admission(Concurrency.PARALLEL, LOTS, 100);
        assertTrue(admission.admit(read(device.object(), 100)));
        var close = new CloseRequest(device.time(), new MessageId(1), new ObjectId(1), null);
        close.beginTurn();
        assertTrue(admission.admit(close));
    }

    @Test
    void an_object_has_one_request_at_a_time_if_that_is_the_rule() {
        var admission = new Admission(Concurrency.PER_OBJECT, LOTS, LOTS);
        CacheObject a = device.object();
        CacheObject b = device.object();
        PendingRequest a1 = read(a, 1);
        PendingRequest a2 = read(a, 1);
        PendingRequest b1 = read(b, 1);
        for (PendingRequest request : List.of(a1, a2, b1)) {
            assertFalse(admission.admit(request));
        }
        assertEquals(List.of(a1, b1), pass(admission));
        admission.release(b1);
        assertNull(admission.next());
        admission.release(a1);
        admission.release(a1);
        assertEquals(List.of(a2), pass(admission));
        admission.release(a2);
        assertIdle(admission);
    }

    @Test
    void what_was_cancelled_while_it_waited_is_passed_over() {
        var admission = new Admission(Concurrency.SERIAL, LOTS, LOTS);
        PendingRequest running = read(device.object(), 1);
        PendingRequest cancelled = read(device.object(), 1);
        PendingRequest next = read(device.object(), 1);
        assertTrue(admission.admit(running));
        assertFalse(admission.admit(cancelled));
        assertFalse(admission.admit(next));
        cancel(cancelled);
        admission.release(cancelled);
        assertEquals(1, admission.requests(), "what had no place gives none back");
        admission.release(running);
        assertSame(next, admission.next());
        admission.release(next);
        assertIdle(admission);
    }

    /** Any order of what a server does with it, against what the rules allow. */
    @Property(tries = 300)
    void never_lets_too_much_pass_and_loses_nothing(
            @ForAll Concurrency concurrency,
            @ForAll @IntRange(min = 1, max = 4) int maxRequests,
            @ForAll @LongRange(min = 1, max = 40) long maxBytes,
            @ForAll long seed) {
        var admission = new Admission(concurrency, maxRequests, maxBytes);
        var random = new Random(seed);
        List<CacheObject> objects = List.of(device.object(), device.object(), device.object());
        List<PendingRequest> waiting = new ArrayList<>();
        List<PendingRequest> running = new ArrayList<>();
        for (int step = 0; step < 120 || !running.isEmpty() || !waiting.isEmpty(); step++) {
            int choice = step < 120 ? random.nextInt(10) : 9;
            if (choice < 5) {
                PendingRequest request = read(objects.get(random.nextInt(objects.size())), random.nextInt(20));
                if (admission.admit(request)) {
                    running.add(request);
                } else {
                    waiting.add(request);
                }
            } else if (choice == 5 && !waiting.isEmpty()) {
                PendingRequest request = waiting.remove(random.nextInt(waiting.size()));
                cancel(request);
                admission.release(request);
            } else if (!running.isEmpty()) {
                admission.release(running.remove(random.nextInt(running.size())));
            }
            for (PendingRequest next : pass(admission)) {
                assertTrue(waiting.remove(next), "neither given out twice nor cancelled");
                running.add(next);
            }
            assertAllowed(running, concurrency, maxRequests, maxBytes);
            assertEquals(running.size(), admission.requests());
            assertEquals(bytes(running), admission.bytes());
            assertTrue(waiting.isEmpty() || !running.isEmpty(), "waits for nothing");
        }
        assertIdle(admission);
    }

    private static long bytes(List<PendingRequest> requests) {
        return requests.stream().mapToLong(PendingRequest::bytes).sum();
    }

    private static void assertAllowed(
            List<PendingRequest> running, Concurrency concurrency, int maxRequests, long maxBytes) {
        assertTrue(running.size() <= (concurrency == Concurrency.SERIAL ? 1 : maxRequests));
        long larger = running.stream().filter(request -> request.bytes() > 0).count();
        assertTrue(bytes(running) <= maxBytes || larger == 1);
        if (concurrency == Concurrency.PER_OBJECT) {
            Map<Object, Integer> perObject = new HashMap<>();
            running.forEach(request -> perObject.merge(request.target(), 1, Integer::sum));
            assertTrue(perObject.values().stream().allMatch(count -> count == 1));
        }
    }

    /** Threads that take requests, serve what may pass, and cancel some, as fast as they can. */
    @ParameterizedTest
    @EnumSource
    void loses_no_request_among_many_threads(Concurrency concurrency) throws Exception {
        int threads = 8;
        int each = 2000;
        int maxRequests = 3;
        long maxBytes = 50;
        var admission = new Admission(concurrency, maxRequests, maxBytes);
        List<CacheObject> objects = List.of(device.object(), device.object(), device.object(), device.object());
        var stress = new Stress(admission);
        var start = new CountDownLatch(1);
        List<Future<?>> ends = new ArrayList<>();
        List<PendingRequest> all = Collections.synchronizedList(new ArrayList<>());
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (int t = 0; t < threads; t++) {
                ends.add(pool.submit(() -> {
                    var random = ThreadLocalRandom.current();
                    start.await();
                    for (int i = 0; i < each; i++) {
                        PendingRequest request = read(objects.get(random.nextInt(objects.size())), random.nextInt(30));
                        all.add(request);
                        stress.take(request);
                        if (random.nextInt(8) == 0) {
                            stress.cancelSome(all.get(random.nextInt(all.size())));
                        }
                    }
                    return null;
                }));
            }
            start.countDown();
            for (Future<?> end : ends) {
                end.get();
            }
        }
        for (PendingRequest request : all) {
            assertTrue(request.isTurnOver(), "never given out");
        }
        assertEquals(all.size(), stress.served.size() + stress.cancelled.get());
        assertIdle(admission);
        assertTrue(stress.mostRequests.get() <= (concurrency == Concurrency.SERIAL ? 1 : maxRequests));
        assertEquals(0, stress.tooManyBytes.get());
        assertTrue(concurrency != Concurrency.PER_OBJECT || stress.mostOfOne.get() <= 1);
    }

    private static final class Stress {
        final Map<PendingRequest, Boolean> served = new ConcurrentHashMap<>();
        final AtomicInteger cancelled = new AtomicInteger();
        final AtomicInteger mostRequests = new AtomicInteger();
        final AtomicInteger mostOfOne = new AtomicInteger();
        final AtomicInteger tooManyBytes = new AtomicInteger();
        private final AtomicInteger requests = new AtomicInteger();
        private final AtomicLong bytes = new AtomicLong();
        private final Map<Object, AtomicInteger> perObject = new ConcurrentHashMap<>();
        private final Admission admission;

        Stress(Admission admission) {
            this.admission = admission;
        }

        void take(PendingRequest request) {
            if (admission.admit(request)) {
                serve(request);
            }
            passOn();
        }

        /** Ends a turn that has not begun, as a server does at the deadline. */
        void cancelSome(PendingRequest request) {
            if (request.enterHandler()) {
                cancel(request);
                cancelled.incrementAndGet();
                admission.release(request);
                passOn();
            }
        }

        private void passOn() {
            for (PendingRequest next = admission.next(); next != null; next = admission.next()) {
                serve(next);
            }
        }

        private void serve(PendingRequest request) {
            if (!request.enterHandler()) {
                admission.release(request);
                return;
            }
            assertNull(served.put(request, true), "given out twice");
            AtomicInteger one = perObject.computeIfAbsent(request.target(), key -> new AtomicInteger());
            mostRequests.accumulateAndGet(requests.incrementAndGet(), Math::max);
            mostOfOne.accumulateAndGet(one.incrementAndGet(), Math::max);
            long now = bytes.addAndGet(request.bytes());
            if (now > 50) {
                tooManyBytes.incrementAndGet();
            }
            for (long i = request.bytes(); i > 0; i--) {
                Thread.onSpinWait();
            }
            bytes.addAndGet(-request.bytes());
            one.decrementAndGet();
            requests.decrementAndGet();
            if (request.leaveHandler()) {
                admission.release(request);
            }
        }
    }
}
