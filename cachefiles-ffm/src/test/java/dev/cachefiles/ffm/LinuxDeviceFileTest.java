// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.ffm.libc.LibC;
import dev.cachefiles.spi.DeviceFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Waiting and waking, with an eventfd in place of the device; kernel-tests have the real one. */
@EnabledOnOs(OS.LINUX)
class LinuxDeviceFileTest {
    private int standIn;
    private LinuxDeviceFile device;

    @BeforeEach
    void open() {
        standIn = LibC.eventfd();
        device = new LinuxDeviceFile(standIn, LibC.eventfd());
    }

    @AfterEach
    void close() {
        device.close();
    }

    @Test
    void nothing_to_read_and_nobody_calls() {
        assertEquals(0, device.await(0));
        assertEquals(0, device.await(1_000_000));
    }

    @Test
    void input_is_readable() {
        MemorySegment one = MemorySegment.ofArray(new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
        assertEquals(8, device.write(one));
        assertEquals(DeviceFile.READABLE, device.await(-1));
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(8, device.read(arena.allocate(1024)));
        }
        assertEquals(0, device.await(0));
    }

    @Test
    void a_wake_lasts_until_it_is_cleared() {
        device.wake();
        device.wake();
        assertEquals(DeviceFile.WOKEN, device.await(-1));
        assertEquals(DeviceFile.WOKEN, device.await(-1));
        device.clearWake();
        assertEquals(0, device.await(0));
        device.clearWake();
    }

    @Test
    void a_wake_reaches_every_waiter() throws Exception {
        int waiters = 4;
        var started = new CountDownLatch(waiters);
        var woken = new AtomicInteger();
        Thread[] threads = new Thread[waiters];
        for (int i = 0; i < waiters; i++) {
            threads[i] = Thread.ofPlatform().start(() -> {
                started.countDown();
                woken.addAndGet(device.await(-1) == DeviceFile.WOKEN ? 1 : 0);
            });
        }
        started.await();
        device.wake();
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(waiters, woken.get());
    }

    @Test
    void a_command_goes_out_in_one_write_from_heap_memory() {
        // An eventfd refuses what is not a number of eight bytes, so the count is the kernel's.
        byte[] five = "12345".getBytes(StandardCharsets.US_ASCII);
        assertEquals(-22, device.write(MemorySegment.ofArray(five)));
    }

    @Test
    void an_fd_that_is_closed_under_it_is_an_error_and_no_endless_loop() {
        LibC.close(standIn);
        assertTrue(device.await(-1) < 0);
    }
}
