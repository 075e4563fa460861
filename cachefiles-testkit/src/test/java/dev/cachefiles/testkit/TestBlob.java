// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;

/** A blob of random bytes that differ from blob to blob and are never zero, and a handler that serves it. */
class TestBlob implements OnDemandHandler {
    final byte[] bytes;

    TestBlob(int size) {
        this(size, 1);
    }

    TestBlob(int size, long seed) {
        bytes = new byte[size];
        var random = new Random(seed);
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (1 + random.nextInt(255));
        }
    }

    /** The bytes of a range, zeros beyond the end. */
    byte[] range(long offset, int length) {
        return Arrays.copyOfRange(bytes, (int) offset, (int) offset + length);
    }

    @Override
    public long open(OpenRequest request) throws IOException {
        return bytes.length;
    }

    @Override
    public void read(ReadRequest request) throws IOException {
        put(request, request.offset(), request.length());
    }

    /** Writes a range of the blob, clipped to its end, from heap memory. */
    final void put(ReadRequest request, long offset, long length) throws IOException {
        long end = Math.min(offset + length, bytes.length);
        if (end > offset) {
            request.fd().write(MemorySegment.ofArray(bytes).asSlice(offset, end - offset), offset);
        }
    }
}
