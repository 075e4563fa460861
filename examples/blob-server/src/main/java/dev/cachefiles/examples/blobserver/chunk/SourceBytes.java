// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.chunk;

import dev.cachefiles.blob.BlobSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads sources into arrays, for what needs them there: parsers, digests, decompressors. */
public final class SourceBytes {
    private SourceBytes() {}

    /**
     * Reads a range.
     *
     * @param source where from
     * @param offset byte offset of the first byte
     * @param length number of bytes; {@code offset + length} is at most the source's size
     * @return the bytes
     * @throws IOException if the source fails
     */
    public static byte[] read(BlobSource source, long offset, int length) throws IOException {
        if (length == 0) {
            return new byte[0];
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(length);
            source.read(offset, segment);
            return segment.toArray(ValueLayout.JAVA_BYTE);
        }
    }
}
