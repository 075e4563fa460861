// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads the blobs that an image consists of. Safe for use by several threads. */
public interface BlobReader {

    /**
     * Reads a range of a blob.
     *
     * @param blob   0 for the image itself, from 1 on its extra devices in their order
     * @param offset byte offset in the blob, not negative
     * @param target is filled from its position to its limit
     * @throws IOException if the bytes cannot be had, or the blob ends before
     */
    void read(int blob, long offset, ByteBuffer target) throws IOException;

    /**
     * Gives the number of blobs.
     *
     * @return how many there are, the image included
     */
    int count();
}
