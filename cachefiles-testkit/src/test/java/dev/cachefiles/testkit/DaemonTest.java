// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandServer;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
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

    @AfterEach
    final void nothingIsLeft() {
        daemons.forEach(Daemon::close);
        kernel.assertClean();
    }
}
