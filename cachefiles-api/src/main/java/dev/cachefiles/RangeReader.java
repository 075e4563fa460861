// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Copies bytes of a blob into memory that is lent to it; see {@link AnonFd#fill}. */
@FunctionalInterface
public interface RangeReader {

    /**
     * Fills memory with bytes of the blob.
     *
     * @param target   native memory, all of which is to be filled; lent until this returns
     * @param position byte offset in the blob of the first byte
     * @throws IOException if the bytes cannot be had
     */
    void read(MemorySegment target, long position) throws IOException;
}
