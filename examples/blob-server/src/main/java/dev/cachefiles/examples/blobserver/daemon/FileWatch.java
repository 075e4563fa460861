// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Looks at a file at times, and tells when it has become another. Looks rather than listens: a file may be replaced by
 * way of a link somewhere on its path.
 */
final class FileWatch implements Closeable {
    private final Path file;
    private final Runnable changed;
    private final ScheduledExecutorService timer;
    private String seen;

    private FileWatch(Path file, Runnable changed) {
        this.file = file;
        this.changed = changed;
        this.seen = look();
        this.timer = Executors.newSingleThreadScheduledExecutor(
                task -> Thread.ofPlatform().daemon().name("config-watch").unstarted(task));
    }

    static FileWatch start(Path file, Duration interval, Runnable changed) {
        var watch = new FileWatch(file, changed);
        long millis = interval.toMillis();
        var _ = watch.timer.scheduleWithFixedDelay(watch::check, millis, millis, TimeUnit.MILLISECONDS);
        return watch;
    }

    private void check() {
        String now = look();
        // While it is missing someone is just writing it, or moving it into place.
        if (!now.isEmpty() && !now.equals(seen)) {
            seen = now;
            changed.run();
        }
    }

    private String look() {
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return attributes.fileKey() + " " + attributes.size() + " " + attributes.lastModifiedTime();
        } catch (IOException e) {
            return "";
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
