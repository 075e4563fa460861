// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ends a daemon in order when the JVM is told to end. For one that serves until it is told so, that is no failure: the JVM
 * ends with 0. One that is a part of another task goes with it: the JVM ends as it does by itself, with 130 or 143.
 */
final class StopOnSignal {
    private static final Duration LONGEST_STOP = Duration.ofSeconds(60);

    private final Runnable stop;
    private final CountDownLatch finished;
    private final boolean isFailure;
    private final Thread hook = new Thread(this::stopAndHalt, "stop");

    /**
     * Prepares it.
     *
     * @param stop     starts the end
     * @param finished reaches zero when all is done
     * @param isFailure whether something was not done for it
     */
    StopOnSignal(Runnable stop, CountDownLatch finished, boolean isFailure) {
        this.stop = stop;
        this.finished = finished;
        this.isFailure = isFailure;
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

    private void stopAndHalt() {
        stop.run();
        try {
            if (finished.await(LONGEST_STOP.toSeconds(), TimeUnit.SECONDS) && !isFailure) {
                Runtime.getRuntime().halt(0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
