// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Aligned native buffers of one size, for messages and for writes whose source does not fit direct I/O.
 *
 * <p>Keeps a few; under more load than that, a buffer is made and left to the garbage collector.
 */
final class BufferPool {
    private static final int KEPT = 16;

    private final AtomicReferenceArray<@Nullable Buffer> kept = new AtomicReferenceArray<>(KEPT);
    private final int size;
    private final int alignment;

    /** One buffer, as a segment and as a view for channels; its address and size are multiples of the alignment. */
    record Buffer(MemorySegment segment, ByteBuffer bytes) {

        static Buffer of(int size, int alignment) {
            MemorySegment segment = Arena.ofAuto().allocate(size, alignment);
            return new Buffer(segment, segment.asByteBuffer().order(ByteOrder.nativeOrder()));
        }
    }

    BufferPool(int size, int alignment) {
        this.size = size;
        this.alignment = alignment;
    }

    Buffer take() {
        for (int i = 0; i < KEPT; i++) {
            Buffer buffer = kept.getAndSet(i, null);
            if (buffer != null) {
                return buffer;
            }
        }
        return Buffer.of(size, alignment);
    }

    void give(Buffer buffer) {
        for (int i = 0; i < KEPT; i++) {
            if (kept.compareAndSet(i, null, buffer)) {
                return;
            }
        }
    }
}
