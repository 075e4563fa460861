// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;

/** A server whose process is killed, though in this virtual machine it lives on for a while. */
class KilledServerTest {
    private final FakeKernel kernel = FakeKernel.create();
    private final TestBlob blob = new TestBlob(10_000);

    @Test
    void the_next_server_is_not_troubled_by_what_is_left_of_a_killed_one() throws Exception {
        Daemon first = Daemon.start(kernel, blob, builder -> builder.threads(2));
        FakeMount stale = kernel.mount("a.img");
        stale.read(0, 4096);
        kernel.process().kill();
        assertFalse(kernel.isDeviceBusy());
        stale.unmount();

        Daemon second = Daemon.start(kernel, blob, builder -> {});
        first.close();
        FakeMount mount = kernel.mount("a.img");
        assertArrayEquals(blob.range(0, 8192), mount.read(0, 8192));
        mount.unmount();
        kernel.awaitAllAnswered();
        second.close();
        KernelAssert.assertThat(kernel).isClean();
    }
}
