// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import java.io.Closeable;
import java.io.IOException;

/**
 * Fetches bytes before anyone has asked for them. Told of each blob that is opened, and of each miss, which goes before.
 *
 * <p>{@link BlobHandler} calls it. Safe for use by several threads.
 */
public interface Prefetch {

    /**
     * A blob was opened, and its bytes can be stored. Does not block.
     *
     * @param key    the blob's name; untrusted input
     * @param source the blob; used for its size and chunk size until the job is closed
     * @param sink   where the bytes go
     * @return the work that was begun
     * @throws IOException if the size of the blob cannot be found out
     */
    Job start(BlobKey key, BlobSource source, Sink sink) throws IOException;

    /** Someone begins to wait for bytes that are missing: until {@link #missEnds}, nothing new is to be begun. */
    void missBegins();

    /** The one for whom {@link #missBegins} was called waits no more. */
    void missEnds();

    /** The place where fetched bytes are kept. Safe for use by several threads. */
    interface Sink {

        /**
         * Tells whether there is nothing to fetch in a range.
         *
         * @param offset byte offset in the blob
         * @param length number of bytes; {@code offset + length} is at most the size of the blob
         * @return true if all of the range is there
         * @throws java.nio.channels.ClosedChannelException if the blob is closed
         * @throws IOException if it cannot be found out
         */
        boolean isFilled(long offset, long length) throws IOException;

        /**
         * Fetches a range from the source and keeps it. Blocks.
         *
         * @param offset byte offset in the blob
         * @param length number of bytes; {@code offset + length} is at most the size of the blob
         * @throws java.nio.channels.ClosedChannelException if the blob is closed
         * @throws IOException if the bytes cannot be had or kept
         */
        void fill(long offset, long length) throws IOException;
    }

    /** The work for one blob. */
    interface Job extends Closeable {

        /**
         * Ends the work: interrupts what is under way, and waits until it uses neither the source nor the sink. Does
         * nothing if it has ended.
         */
        @Override
        void close();
    }
}
