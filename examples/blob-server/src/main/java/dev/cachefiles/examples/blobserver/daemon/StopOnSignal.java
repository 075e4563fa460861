// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Ends a daemon in order when the JVM is told to end. */
final class StopOnSignal {
    private static final Duration LONGEST_STOP = Duration.ofSeconds(60);

    private final Runnable stop;
    private final CountDownLatch finished;
    private final Thread hook = new Thread(this::stopAndHalt, "stop");

    /**
     * Prepares it.
     *
     * @param stop     starts the end
     * @param finished reaches zero when all is done
     */
    StopOnSignal(Runnable stop, CountDownLatch finished) {
        this.stop = stop;
        this.finished = finished;
    }

    void install() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    void remove() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is on its way down: it is this hook that has stopped the server.
        }
    }

    /** A stop that was asked for is no failure: without this, the JVM would exit with 143 or 130. */
    private void stopAndHalt() {
        stop.run();
        try {
            if (finished.await(LONGEST_STOP.toSeconds(), TimeUnit.SECONDS)) {
                Runtime.getRuntime().halt(0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
