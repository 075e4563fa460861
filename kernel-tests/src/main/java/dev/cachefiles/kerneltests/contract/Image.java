// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import java.util.Arrays;

/**
 * An image of one uncompressed file: a block with all metadata, then the file's content.
 *
 * @param bytes all of it; a whole number of blocks
 * @param size  bytes of the file
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares images
public record Image(byte[] bytes, int size) {

    /** Bytes in a block; where in the image the content begins. */
    public static final int BLOCK = 4096;

    /** A range of the file's content. */
    public byte[] content(long offset, int length) {
        return Arrays.copyOfRange(bytes, (int) offset + BLOCK, (int) offset + BLOCK + length);
    }

    /** All of the file's content. */
    public byte[] content() {
        return content(0, size);
    }

    /** Bytes of the image. */
    public long length() {
        return bytes.length;
    }
}
