// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static dev.cachefiles.testkit.KernelAssert.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.Errno;
import dev.cachefiles.protocol.Message;
import dev.cachefiles.spi.AnonFile;
import org.junit.jupiter.api.Test;

/** Checks of a kernel, and what they say. */
class KernelAssertTest {
    private final FakeKernel kernel = FakeKernel.builder().attachDelay(0).build();

    @Test
    void all_is_well_with_a_kernel_that_nobody_has_used() {
        // @start region=usage
        assertThat(kernel).hasNoUnansweredRequest().hasNoOpenFd().hasNoMisuse().hasClosedDevice();
        // @end
        assertThat(kernel)
                .hasUnansweredRequests(0)
                .hasOpenFds(0)
                .hasNoRefusedAnswer()
                .hasNoFaultLeft()
                .isClean();
    }

    @Test
    void a_request_that_is_not_answered_is_named() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        daemon.device.await(-1);
        assertFails(
                "not answered: OPEN #0 erofs,a.img/a.img, not delivered", assertThat(kernel)::hasNoUnansweredRequest);
        daemon.next(Message.Open.class);
        String thread = Thread.currentThread().getName();
        String open = "OPEN #0 erofs,a.img/a.img, delivered to thread " + thread;
        assertFails("not answered: " + open, assertThat(kernel)::hasNoUnansweredRequest);
        assertFails(
                "not 2 but 1 requests wait: [" + open + "]",
                () -> assertThat(kernel).hasUnansweredRequests(1).hasUnansweredRequests(2));
        daemon.commandTaken("copen 0,1");
        mount.get();
        assertThat(kernel).hasNoUnansweredRequest();
    }

    @Test
    void an_fd_and_a_device_that_are_open_are_named() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        var mount = kernel.mountAsync("a.img");
        AnonFile file = daemon.accept(1).file();
        mount.get();
        String fd = "fd 3 of erofs,a.img/a.img (o1)";
        String device = "the device is open, or an fd of its cache in some process";
        assertFails("not closed: " + fd, assertThat(kernel)::hasNoOpenFd);
        assertFails(
                "not 0 but 1 fds are open: [" + fd + "]",
                () -> assertThat(kernel).hasOpenFds(1).hasOpenFds(0));
        assertFails("not closed: " + fd + "\n" + device, assertThat(kernel)::isClean);
        daemon.device.close();
        assertFails(device, assertThat(kernel)::hasClosedDevice);
        file.close();
        assertThat(kernel).isClean();
    }

    @Test
    void misuse_is_named() throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        daemon.device.close();
        assertThrows(AssertionError.class, daemon::readOnce);
        assertFails("read of the device after its close", assertThat(kernel)::hasNoMisuse);
        assertFails("read of the device after its close", assertThat(kernel)::isClean);
    }

    @Test
    void answers_that_nobody_waited_for_are_counted() throws Exception {
        RawDaemon.bound(kernel).command("copen 7,1");
        assertFails("answers that nobody waited for: 1", assertThat(kernel)::hasNoRefusedAnswer);
    }

    @Test
    void a_fault_that_has_not_happened_is_named() {
        kernel.faults().onWrite(1).fail(Errno.EIO);
        var thrown = assertThrows(AssertionError.class, assertThat(kernel)::hasNoFaultLeft);
        assertTrue(thrown.getMessage().endsWith("at pwrite 1, after 0 of them"), thrown.getMessage());
    }

    private interface Check {
        void run();
    }

    private static void assertFails(String message, Check check) {
        assertEquals(message, assertThrows(AssertionError.class, check::run).getMessage());
    }
}
