// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.casync;

import com.github.luben.zstd.Zstd;
import dev.cachefiles.examples.blobserver.chunk.ChunkDigest;
import dev.cachefiles.examples.blobserver.chunk.Hash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes indexes and stores as casync does. */
final class IndexFile {
    static final int MAX = 1000;

    private final ChunkDigest digest;
    private final List<byte[]> chunks = new ArrayList<>();

    private IndexFile(ChunkDigest digest) {
        this.digest = digest;
    }

    /** Cuts bytes into chunks of 1 to {@link #MAX} bytes. */
    static IndexFile of(ChunkDigest digest, byte[] blob) {
        var index = new IndexFile(digest);
        int at = 0;
        for (int i = 0; at < blob.length; i++) {
            int length = Math.min(blob.length - at, 1 + i * 379 % MAX);
            index.chunks.add(Arrays.copyOfRange(blob, at, at + length));
            at += length;
        }
        return index;
    }

    byte[] bytes() {
        var file = ByteBuffer.allocate(64 + 40 * chunks.size() + 40).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(48).putLong(ChunkIndex.INDEX);
        file.putLong(0x9000_0000_0000_0000L | (digest == ChunkDigest.SHA_512_256 ? ChunkIndex.SHA_512_256 : 0));
        file.putLong(1).putLong(500).putLong(MAX);
        file.putLong(-1).putLong(ChunkIndex.TABLE);
        long end = 0;
        for (byte[] chunk : chunks) {
            end += chunk.length;
            file.putLong(end).put(id(chunk));
        }
        file.putLong(0)
                .putLong(0)
                .putLong(48)
                .putLong(16 + 40L * chunks.size() + 40)
                .putLong(ChunkIndex.TABLE_TAIL);
        return file.array();
    }

    private byte[] id(byte[] chunk) {
        Hash hash = digest.of(chunk);
        return ByteBuffer.allocate(32)
                .putLong(hash.first())
                .putLong(hash.second())
                .putLong(hash.third())
                .putLong(hash.fourth())
                .array();
    }

    List<byte[]> chunks() {
        return chunks;
    }

    /** Where a chunk is in a store. */
    Path path(Path store, int chunk, boolean packed) {
        String id = digest.of(chunks.get(chunk)).toString();
        return store.resolve(id.substring(0, 4)).resolve(id + (packed ? ".cacnk" : ""));
    }

    void store(Path store, boolean packed) throws IOException {
        for (int i = 0; i < chunks.size(); i++) {
            Path path = path(store, i, packed);
            Files.createDirectories(path.getParent());
            Files.write(path, packed ? Zstd.compress(chunks.get(i)) : chunks.get(i));
        }
    }
}
