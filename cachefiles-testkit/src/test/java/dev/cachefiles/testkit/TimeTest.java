// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.spi.DeviceFile;
import dev.cachefiles.spi.TimeSource;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** The clock of the daemon, which a test may hold still. */
class TimeTest {
    private static final long HOUR = TimeUnit.HOURS.toNanos(1);

    private final FakeKernel kernel = FakeKernel.builder().virtualTime().build();
    private final TimeSource time = kernel.time();

    @Test
    void the_clock_is_the_machines_unless_asked_for() throws Exception {
        FakeKernel real = FakeKernel.create();
        assertSame(TimeSource.system(), real.time());
        assertSame(TimeSource.system(), new RawDaemon(real).device.time());
        assertThrows(IllegalStateException.class, () -> real.advance(Duration.ZERO));
    }

    @Test
    void the_clock_stands_still_until_it_is_moved() throws Exception {
        assertSame(time, new RawDaemon(kernel).device.time());
        assertEquals(0, time.nanoTime());
        kernel.advance(Duration.ofMillis(3));
        kernel.advance(Duration.ofNanos(4));
        assertEquals(3_000_004, time.nanoTime());
        assertThrows(IllegalArgumentException.class, () -> kernel.advance(Duration.ofNanos(-1)));
    }

    @Test
    void who_is_parked_wakes_when_the_time_has_come_and_not_before() {
        var long_ = parked(2 * HOUR);
        var short_ = parked(HOUR);
        kernel.awaitSleepers(2);
        kernel.advance(Duration.ofHours(1));
        short_.join();
        kernel.awaitSleepers(1);
        assertFalse(long_.isDone());
        kernel.advance(Duration.ofHours(1));
        assertEquals(2 * HOUR, long_.join());
    }

    @Test
    void the_longest_park_does_not_overflow() {
        kernel.advance(Duration.ofHours(1));
        var parked = parked(Long.MAX_VALUE);
        kernel.awaitSleepers(1);
        kernel.advance(Duration.ofDays(365));
        kernel.awaitSleepers(1);
        assertFalse(parked.isDone());
        kernel.advance(Duration.ofNanos(Long.MAX_VALUE - time.nanoTime()));
        parked.join();
    }

    @Test
    void who_is_parked_wakes_when_unparked() throws Exception {
        var done = new CompletableFuture<Void>();
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            time.parkUntil(this, time.nanoTime() + HOUR);
            done.complete(null);
        });
        kernel.awaitSleepers(1);
        LockSupport.unpark(thread);
        done.get(10, TimeUnit.SECONDS);
    }

    @Test
    void who_is_parked_wakes_when_interrupted() throws Exception {
        var done = new CompletableFuture<Boolean>();
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            time.parkUntil(this, time.nanoTime() + HOUR);
            done.complete(Thread.currentThread().isInterrupted());
        });
        kernel.awaitSleepers(1);
        thread.interrupt();
        assertTrue(done.get(10, TimeUnit.SECONDS), "the interrupt status stays, as with LockSupport");
    }

    @Test
    void an_unpark_before_the_park_is_not_lost() {
        LockSupport.unpark(Thread.currentThread());
        time.parkUntil(this, time.nanoTime() + HOUR);
        time.parkUntil(this, time.nanoTime());
        time.parkUntil(this, time.nanoTime() - 1);
        assertEquals(0, time.nanoTime());
    }

    @Test
    void a_wait_for_the_device_ends_by_the_clock() throws Exception {
        DeviceFile device = RawDaemon.bound(kernel).device;
        var waiting = Async.start("poller", () -> device.await(HOUR));
        kernel.awaitSleepers(1);
        kernel.advance(Duration.ofHours(1).minusNanos(1));
        kernel.awaitSleepers(1);
        assertFalse(waiting.isDone());
        kernel.advance(Duration.ofNanos(1));
        assertEquals(0, waiting.get(10, TimeUnit.SECONDS));
        assertEquals(0, device.await(0));
    }

    @Test
    void a_wait_for_the_device_ends_with_a_message_while_the_clock_stands_still() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var waiting = Async.start("poller", () -> daemon.device.await(HOUR));
        kernel.awaitSleepers(1);
        var mount = kernel.mountAsync("a.img");
        assertEquals(DeviceFile.READABLE, waiting.get(10, TimeUnit.SECONDS));
        daemon.accept(4096);
        mount.get();
    }

    @Test
    void a_wait_for_the_device_ends_when_it_is_woken_and_not_when_it_is_interrupted() throws Exception {
        DeviceFile device = RawDaemon.bound(kernel).device;
        var interrupted = new CompletableFuture<Boolean>();
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            int ready = device.await(HOUR);
            interrupted.complete(ready == DeviceFile.WOKEN && Thread.interrupted());
        });
        kernel.awaitSleepers(1);
        thread.interrupt();
        kernel.awaitSleepers(1);
        device.wake();
        assertTrue(interrupted.get(10, TimeUnit.SECONDS));
    }

    @Test
    void patience_is_real_time() throws Exception {
        FakeKernel impatient = FakeKernel.builder()
                .virtualTime()
                .patience(Duration.ofMillis(20))
                .build();
        RawDaemon.bound(impatient);
        assertThrows(HungReaderError.class, () -> impatient.mount("a.img"));
        assertThrows(HungReaderError.class, () -> impatient.awaitSleepers(1));
    }

    @Test
    void the_limit_of_open_files_is_that_of_the_fds() {
        assertEquals(1024, kernel.raiseFileLimit());
        kernel.process().limitFds(7);
        assertEquals(7, kernel.raiseFileLimit());
    }

    private CompletableFuture<Long> parked(long nanos) {
        return Async.start("parked", () -> {
            long until = time.nanoTime() + nanos;
            long left = nanos;
            while (left > 0) {
                time.parkUntil(this, time.nanoTime() + left);
                left = until < 0 ? Long.MAX_VALUE - time.nanoTime() : until - time.nanoTime();
            }
            return time.nanoTime();
        });
    }
}
