// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Old kernels say that there is a message for as long as any request is being served. */
class SpuriousReadinessTest extends DaemonTest {

    @Test
    void the_loop_does_not_spin_while_the_kernel_says_that_there_is_a_message() throws Exception {
        kernel = FakeKernel.builder().profile(KernelProfile.LINUX_5_19).build();
        var blob = new Blockade(10_000, ReadRequest.class, true);
        start(blob, 2);
        var reader = kernel.mount("a").readAsync(0, 10_000);
        blob.awaitHeld(1);
        TimeUnit.MILLISECONDS.sleep(100); // long enough for a loop that spins to make very many calls
        KernelCounters counters = kernel.counters();
        assertTrue(counters.emptyDeviceReads() < 60, counters.toString());
        blob.lift();
        assertArrayEquals(blob.bytes, reader.get());
    }

    @Test
    void a_loop_of_ones_own_does_not_spin_either() throws Exception {
        kernel = FakeKernel.builder().profile(KernelProfile.LINUX_5_19).build();
        try (var channel = CachefilesChannel.open(Daemon.OPTIONS, kernel)) {
            var mount = kernel.mountAsync("a");
            var open = (OpenRequest) channel.take();
            assertNull(channel.poll(Duration.ofMillis(100)));
            KernelCounters counters = kernel.counters();
            assertTrue(counters.emptyDeviceReads() > 0, "the kernel says that there is a message: " + counters);
            assertTrue(counters.emptyDeviceReads() < 60, counters.toString());
            open.accept(4096);
            mount.get();
        }
    }
}
