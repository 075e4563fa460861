// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.spi.AnonFile;

/**
 * Finds out once when the cache file of an object has no hole any more.
 *
 * <p>The file's holes are the only truth; the count of bytes that were written since tells when to look at them again:
 * not before as many were written as were missing. A look takes at most some hundred system calls.
 *
 * <p>Safe for use by several threads.
 */
final class Completion {

    /** Of a file with many holes not all are counted: then another look comes sooner than need be. */
    private static final int MOST_HOLES = 64;

    private final AnonFile file;
    private final CacheWriter writer;

    private volatile boolean complete;

    /** The count of written bytes from which on another look may find more; 0 before the first. */
    private volatile long nextLook;

    Completion(AnonFile file, CacheWriter writer) {
        this.file = file;
        this.writer = writer;
    }

    boolean isComplete() {
        return complete;
    }

    /** Tells at next to no cost whether as much was written as was missing at the last look. */
    boolean isLikely() {
        long next = nextLook;
        return next > 0 && !complete && writer.writtenBytes() >= next;
    }

    /** Tells at next to no cost whether {@link #look} may have something to tell. */
    boolean isDue() {
        return !complete && writer.writtenBytes() >= nextLook;
    }

    /** Looks for holes, the caller keeping the file open; true if there is none, and that for the first time. */
    synchronized boolean look(long size) {
        if (complete) {
            return false;
        }
        long written = writer.writtenBytes();
        long missing = missing(size);
        complete = missing == 0;
        if (missing > 0) {
            nextLook = written + missing;
        }
        return complete;
    }

    /** Bytes that are missing at least; or -1 if the file cannot be asked now. */
    private long missing(long size) {
        long missing = 0;
        long at = 0;
        for (int holes = 0; at < size && holes < MOST_HOLES; holes++) {
            long hole = file.seekHole(at);
            if (hole < 0) {
                return -1;
            }
            if (hole >= size) {
                break;
            }
            long data = file.seekData(hole);
            at = data < 0 ? size : Math.min(size, data);
            missing += at - hole;
        }
        return missing;
    }
}
