// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.support.Sha256;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * The SHA-256 of each chunk of a blob. Immutable.
 *
 * <p>In a registry they are a layer of their own, of the media type {@link MediaTypes#CHUNK_DIGESTS}: the digests, 32 bytes
 * each, one after the other.
 */
final class ChunkDigests {
    static final int DEFAULT_CHUNK = 1 << 20;
    static final int LEAST_CHUNK = 4096;
    static final int LARGEST_CHUNK = 16 << 20;

    private final long size;
    private final int chunkSize;
    private final byte[] table;

    private ChunkDigests(long size, int chunkSize, byte[] table) {
        this.size = size;
        this.chunkSize = chunkSize;
        this.table = table;
    }

    static ChunkDigests of(long size, int chunkSize, byte[] table) {
        if (chunkSize < LEAST_CHUNK || chunkSize > LARGEST_CHUNK || Integer.bitCount(chunkSize) != 1) {
            throw new IllegalArgumentException("chunks of " + chunkSize + " bytes: not a power of two from "
                    + LEAST_CHUNK + " to " + LARGEST_CHUNK);
        }
        if (table.length != length(size, chunkSize)) {
            throw new IllegalArgumentException(table.length + " bytes of digests, and " + length(size, chunkSize)
                    + " are needed for " + size + " bytes in chunks of " + chunkSize);
        }
        return new ChunkDigests(size, chunkSize, table.clone());
    }

    /** The bytes of the table of a blob. */
    static long length(long size, int chunkSize) {
        return Math.ceilDiv(size, chunkSize) * Sha256.LENGTH;
    }

    int chunkSize() {
        return chunkSize;
    }

    byte[] table() {
        return table.clone();
    }

    /** Bytes in the chunk that begins at an offset. */
    long lengthAt(long offset) {
        return Math.min(chunkSize, size - offset);
    }

    /** Checks a whole chunk. */
    void check(long offset, MemorySegment chunk, String blob) throws WrongBytesException {
        MessageDigest digest = Sha256.start();
        digest.update(chunk.asByteBuffer());
        byte[] found = digest.digest();
        int at = Math.toIntExact(offset / chunkSize * Sha256.LENGTH);
        if (!Arrays.equals(found, 0, Sha256.LENGTH, table, at, at + Sha256.LENGTH)) {
            throw new WrongBytesException(blob + ": the registry has sent wrong bytes for " + offset + "-"
                    + (offset + chunk.byteSize() - 1) + ": their digest is " + Sha256.text(found) + " and not "
                    + Sha256.text(Arrays.copyOfRange(table, at, at + Sha256.LENGTH)));
        }
    }

    /** Computes digests from all bytes, in order and in any pieces, together with that of the whole. */
    static final class Computation {
        private final MessageDigest whole = Sha256.start();
        private final MessageDigest chunk = Sha256.start();
        private final ByteArrayOutputStream table = new ByteArrayOutputStream();
        private final int chunkSize;
        private long done;

        Computation(int chunkSize) {
            this.chunkSize = chunkSize;
        }

        long done() {
            return done;
        }

        void add(MemorySegment bytes) {
            whole.update(bytes.asByteBuffer());
            long at = 0;
            while (at < bytes.byteSize()) {
                long length = Math.min(bytes.byteSize() - at, chunkSize - done % chunkSize);
                chunk.update(bytes.asSlice(at, length).asByteBuffer());
                at += length;
                done += length;
                if (done % chunkSize == 0) {
                    table.writeBytes(chunk.digest());
                }
            }
        }

        /** Ends the computation; gives the digest of the whole. */
        String finish() {
            if (done % chunkSize != 0) {
                table.writeBytes(chunk.digest());
            }
            return Sha256.text(whole.digest());
        }

        ChunkDigests chunks() {
            return of(done, chunkSize, table.toByteArray());
        }
    }
}
