// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.casync;

import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.chunk.ChunkCache;
import dev.cachefiles.examples.blobserver.chunk.ChunkDigest;
import dev.cachefiles.examples.blobserver.chunk.Codec;
import dev.cachefiles.examples.blobserver.chunk.Hash;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;

/**
 * A chunk store of casync, with the chunks that were used last in memory, for all blobs together.
 *
 * <p>A chunk is in {@code ID[0..4]/ID.cacnk}, packed, or without that suffix as it is. Which of the two a store has is
 * learnt: the one found last is looked for first.
 *
 * <p>Safe for use by several threads.
 */
final class ChunkStore implements Closeable {
    private static final String PACKED_SUFFIX = ".cacnk";

    private final ChunkFiles files;
    private final ChunkCache<Key> cache;
    private volatile boolean plainFirst;

    private record Key(Hash id, ChunkDigest digest) {}

    /**
     * Makes a store.
     *
     * @param files  where the files are; closed with this
     * @param memory most bytes of unpacked chunks to keep
     */
    ChunkStore(ChunkFiles files, long memory) {
        this.files = files;
        this.cache = new ChunkCache<>(memory);
    }

    boolean isRemote() {
        return files.isRemote();
    }

    /**
     * Gives a chunk, checked.
     *
     * @param id     its id
     * @param digest how ids are made
     * @param size   bytes that it must have
     * @return the bytes, not to be changed
     * @throws NoSuchFileException if the store has no such chunk
     * @throws WrongBytesException if it has other bytes
     * @throws IOException         if it cannot be had
     */
    byte[] chunk(Hash id, ChunkDigest digest, int size) throws IOException {
        byte[] chunk = cache.get(new Key(id, digest), () -> load(id, digest, size));
        if (chunk.length != size) {
            throw new WrongBytesException("chunk " + id + " has " + chunk.length + " bytes, an index says " + size);
        }
        return chunk;
    }

    private byte[] load(Hash id, ChunkDigest digest, int size) throws IOException {
        boolean plain = plainFirst;
        NoSuchFileException missing;
        try {
            return load(id, plain, digest, size);
        } catch (NoSuchFileException e) {
            missing = e;
        }
        try {
            byte[] chunk = load(id, !plain, digest, size);
            plainFirst = !plain;
            return chunk;
        } catch (NoSuchFileException e) {
            var neither = new NoSuchFileException(path(id), null, "no such chunk in " + files);
            neither.initCause(missing);
            throw neither;
        }
    }

    private byte[] load(Hash id, boolean plain, ChunkDigest digest, int size) throws IOException {
        String path = plain ? path(id) : path(id) + PACKED_SUFFIX;
        byte[] stored = files.read(path, plain ? size : mostPacked(size));
        try {
            byte[] chunk = (plain ? Codec.NONE : codec(stored)).unpack(stored, size);
            digest.check(chunk, id);
            return chunk;
        } catch (WrongBytesException e) {
            throw new WrongBytesException(files + ": chunk " + path + " " + e.getMessage(), e);
        } catch (PermanentException e) {
            throw new PermanentException(files + ": chunk " + path + " " + e.getMessage(), e);
        }
    }

    private static String path(Hash id) {
        String hex = id.toString();
        return hex.substring(0, 4) + '/' + hex;
    }

    /** What cannot be packed becomes longer, but not by more than that. */
    private static int mostPacked(int size) {
        return size + size / 64 + 4096;
    }

    private static Codec codec(byte[] packed) throws PermanentException {
        if (startsWith(packed, 0x28, 0xb5, 0x2f, 0xfd)) {
            return Codec.ZSTD;
        }
        if (startsWith(packed, 0x1f, 0x8b)) {
            return Codec.GZIP;
        }
        if (startsWith(packed, 0xfd, '7', 'z', 'X', 'Z', 0)) {
            throw new PermanentException(
                    "is packed with xz, which is not served; use 'casync make --compression=zstd' or gzip");
        }
        throw new WrongBytesException("is packed neither with zstd nor with gzip");
    }

    @Override
    public void close() throws IOException {
        if (files instanceof Closeable closeable) {
            closeable.close();
        }
    }

    private static boolean startsWith(byte[] bytes, int... magic) {
        if (bytes.length < magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if ((bytes[i] & 0xff) != magic[i]) {
                return false;
            }
        }
        return true;
    }
}
