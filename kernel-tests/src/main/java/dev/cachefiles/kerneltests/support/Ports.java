// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Servers on this machine. */
final class Ports {
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(120);

    private Ports() {}

    /** Waits until a server listens. */
    static void awaitListener(int port, Process server, Path output) throws IOException {
        long start = System.nanoTime();
        while (true) {
            try {
                new Socket(InetAddress.getLoopbackAddress(), port).close();
                return;
            } catch (IOException e) {
                if (!server.isAlive() || System.nanoTime() - start > TIMEOUT_NANOS) {
                    throw new AssertionError("nothing listens on port " + port + ": " + Files.readString(output), e);
                }
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }
}
