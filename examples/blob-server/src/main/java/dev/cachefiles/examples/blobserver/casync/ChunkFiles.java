// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.casync;

import java.io.IOException;

/** Where the files of a chunk store are. Used by several threads at once. */
interface ChunkFiles {

    /**
     * Reads a whole file.
     *
     * @param path path in the store, such as {@code 1a2b/1a2b....cacnk}; made of a chunk's id, so safe to be used
     * @param most most bytes that it may have
     * @return its bytes
     * @throws java.nio.file.NoSuchFileException        if there is no such file
     * @throws dev.cachefiles.blob.WrongBytesException if it is larger
     * @throws IOException                              if it cannot be read
     */
    byte[] read(String path, int most) throws IOException;

    /** Tells whether a read waits for a network, so that several at a time are faster. */
    boolean isRemote();
}
