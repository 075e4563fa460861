// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.chunk.SourceBytes;
import java.io.IOException;
import java.util.Arrays;

/**
 * Reads ahead in a stored blob, for one read of the kernel: small chunks lie side by side there, and one request for all
 * of them is faster than one for each. For one thread.
 */
final class StoredWindow {
    private static final long AHEAD = 1 << 20;

    private final BlobSource stored;
    private final long end;
    private long start;
    private byte[] bytes = {};

    /**
     * Makes a window.
     *
     * @param stored where from
     * @param end    offset up to which bytes are of use
     */
    StoredWindow(BlobSource stored, long end) {
        this.stored = stored;
        this.end = end;
    }

    byte[] bytes(long offset, int length) throws IOException {
        if (offset < start || offset + length > start + bytes.length) {
            long size = stored.size();
            if (offset + length > size) {
                throw new WrongBytesException(
                        "is cut off: bytes up to " + (offset + length) + " are needed of " + size);
            }
            long ahead = Math.min(AHEAD, Math.min(end, size) - offset);
            bytes = SourceBytes.read(stored, offset, (int) Math.max(length, ahead));
            start = offset;
        }
        int from = (int) (offset - start);
        return from == 0 && length == bytes.length ? bytes : Arrays.copyOfRange(bytes, from, from + length);
    }
}
