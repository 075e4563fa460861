// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Files by their paths, wherever they are. Safe for use by several threads. */
interface FileTree {

    /** How much is read at a time. */
    int CHUNK = 128 << 10;

    /** What a path names. */
    enum Kind {
        FILE,
        DIRECTORY,
        LINK,
        /** A device, FIFO or socket. */
        OTHER
    }

    /**
     * A path and what it names.
     *
     * @param path relative to the root of the tree
     * @param kind what it names
     * @param size bytes of a file or of a link's target, else 0
     */
    record Item(String path, Kind kind, long size) {}

    /** Takes the bytes of a file, piece by piece. */
    @FunctionalInterface
    interface Sink {
        void take(ByteBuffer bytes) throws IOException;
    }

    /** Lists everything, in any order. */
    List<Item> list() throws IOException;

    /** Reads a file, or the target of a link; nothing of what is neither. */
    void read(Item item, Sink sink) throws IOException;
}
