// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The bytes of one blob. They never change: a source that finds other bytes than before must fail.
 *
 * <p>{@link #size} and {@link #read} are all that a source must have. It may block. One that waits for others should give
 * up at the {@linkplain Deadline#current deadline} of the call: the thread is interrupted then, since no one waits any more.
 * A failure is an {@link IOException}; {@link TransientException} and {@link PermanentException} tell layers such as retry
 * what to make of it.
 *
 * <p>Used by several threads at once. Closed once, when no call is under way.
 *
 * @see ForwardingBlobSource
 */
public interface BlobSource extends Closeable {

    /**
     * Gives the size.
     *
     * @return size of the blob in bytes, not negative, always the same
     * @throws IOException if it cannot be found out
     */
    long size() throws IOException;

    /**
     * Copies bytes into memory.
     *
     * @param offset byte offset in the blob of the first byte
     * @param target native memory, all of which is filled; {@code offset + target.byteSize()} is at most {@link #size};
     *     lent until this returns
     * @throws java.io.InterruptedIOException if the thread was interrupted or the deadline has passed
     * @throws IOException                    if the bytes cannot be had; the memory may have been changed
     */
    void read(long offset, MemorySegment target) throws IOException;

    /**
     * Gives bytes that are in memory anyway, for instance of a mapped file, so that they need not be copied. Gives
     * nothing by default.
     *
     * @param offset byte offset in the blob of the first byte
     * @param length number of bytes; {@code offset + length} is at most {@link #size}
     * @return the bytes, readable until the source is closed; or empty if {@link #read} is the way
     * @throws IOException if the bytes cannot be had
     */
    default Optional<MemorySegment> view(long offset, long length) throws IOException {
        return Optional.empty();
    }

    /**
     * Gives what names these bytes for all time and everywhere, so that they can be kept and compared: a digest as in
     * {@code sha256:5feceb66...}, or the place with a version, such as a URL with its ETag. Nothing by default: then no
     * layer keeps them beyond the life of this source.
     *
     * @return the name, with any characters; empty if there is none. Two sources with the same name have the same bytes
     * @throws IOException if it cannot be found out
     */
    default String identity() throws IOException {
        return "";
    }

    /**
     * Limits how much is fetched around the bytes that a reader waits for, on the guess that it wants those next. No
     * limit of its own by default: {@link BlobHandler} finds out what pays.
     *
     * @return most bytes of one fetch, not negative; 0 if nothing is to be fetched but what is asked for
     */
    default long largestFill() {
        return Long.MAX_VALUE;
    }

    /**
     * Gives the size of the chunks that the source has to fetch as a whole, for instance to verify them: a fetch then
     * covers whole chunks, so that none is fetched twice. None by default.
     *
     * @return bytes in a chunk, chunks starting at multiples of it; 0 if there are none, or they differ in size
     */
    default long chunkSize() {
        return 0;
    }

    /**
     * Frees what the source holds. Does nothing by default.
     *
     * @throws IOException if that fails
     */
    @Override
    default void close() throws IOException {}
}
