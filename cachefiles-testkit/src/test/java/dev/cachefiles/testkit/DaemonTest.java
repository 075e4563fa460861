// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandServer;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;

/** A test with a daemon or several, one after the other: each must leave nothing behind. */
abstract class DaemonTest {
    FakeKernel kernel = FakeKernel.create();
    private final Deque<Daemon> daemons = new ArrayDeque<>();

    Daemon start(OnDemandHandler handler) throws IOException {
        return start(handler, builder -> {});
    }

    Daemon start(OnDemandHandler handler, int threads) throws IOException {
        return start(handler, builder -> builder.threads(threads));
    }

    Daemon start(OnDemandHandler handler, Consumer<OnDemandServer.Builder> setUp) throws IOException {
        daemons.push(Daemon.start(kernel, handler, setUp));
        return daemons.element();
    }

    /** Waits for what a daemon does after it has answered. */
    static void await(BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(10)) {
                throw new AssertionError("waited in vain");
            }
            Thread.onSpinWait();
        }
    }

    @AfterEach
    final void nothingIsLeft() {
        daemons.forEach(Daemon::close);
        KernelAssert.assertThat(kernel).isClean();
    }
}
