// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Looks again and again how much room a file system has. */
public final class FreeSpaceWatch implements AutoCloseable {
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(10);

    private final Path point;
    private final Thread thread;
    private volatile long least = Long.MAX_VALUE;

    private FreeSpaceWatch(Path point) {
        this.point = point;
        this.thread = Thread.ofPlatform().name("free-space").daemon().unstarted(this::watch);
    }

    /** Starts to watch the file system of a directory. */
    public static FreeSpaceWatch start(Path point) {
        var watch = new FreeSpaceWatch(point);
        watch.thread.start();
        return watch;
    }

    private void watch() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                least = Math.min(least, Files.getFileStore(point).getUsableSpace());
                LockSupport.parkNanos(PAUSE);
            }
        } catch (IOException e) {
            least = -1;
        }
    }

    /** The least that was free, in bytes. */
    public long least() {
        return least;
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
