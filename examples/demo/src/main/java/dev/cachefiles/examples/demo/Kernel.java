// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import java.io.Closeable;
import java.io.IOException;

/** A kernel, real or fake, with a server for its requests: the image can be mounted. */
interface Kernel extends Closeable {

    /** What has happened since the start. */
    record Counts(long opens, long reads, long bytes, long failures, long lookups) {

        Counts minus(Counts earlier) {
            return new Counts(
                    opens - earlier.opens,
                    reads - earlier.reads,
                    bytes - earlier.bytes,
                    failures - earlier.failures,
                    lookups - earlier.lookups);
        }

        /** Lookups in the cache that needed no READ; an estimate, since one lookup can lead to several. */
        long hits() {
            return Math.max(0, lookups - reads);
        }
    }

    /** Mounts the image; returns what is in it. Page caches are empty then. */
    FileTree mount() throws IOException, InterruptedException;

    /** Unmounts it. */
    void unmount() throws IOException, InterruptedException;

    /** Counts, perhaps of a moment ago. */
    Counts counts();

    /** Waits until {@link #counts} knows of all that has happened up to now. */
    void settle() throws InterruptedException;

    /** Stops to serve. */
    @Override
    void close() throws IOException;
}
