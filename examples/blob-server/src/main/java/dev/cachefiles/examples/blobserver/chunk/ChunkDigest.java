// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.chunk;

import dev.cachefiles.blob.WrongBytesException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.apache.commons.codec.digest.Blake3;

/** The algorithms by which chunks are named, each with a digest of 32 bytes. */
public enum ChunkDigest {
    /** SHA-256. */
    SHA_256 {
        @Override
        public Hash of(byte[] bytes) {
            return digest("SHA-256", bytes);
        }
    },
    /** SHA-512/256. */
    SHA_512_256 {
        @Override
        public Hash of(byte[] bytes) {
            return digest("SHA-512/256", bytes);
        }
    },
    /** BLAKE3 with 256 bits. */
    BLAKE3 {
        @Override
        public Hash of(byte[] bytes) {
            return Hash.at(ByteBuffer.wrap(Blake3.hash(bytes)), 0);
        }
    };

    /**
     * Computes a digest.
     *
     * @param bytes of what
     * @return the digest
     */
    public abstract Hash of(byte[] bytes);

    /**
     * Checks bytes.
     *
     * @param bytes    the bytes
     * @param expected the digest that they should have
     * @throws WrongBytesException if they have another
     */
    public void check(byte[] bytes, Hash expected) throws WrongBytesException {
        Hash found = of(bytes);
        if (!found.equals(expected)) {
            throw new WrongBytesException("has the " + this + " digest " + found + " instead of " + expected);
        }
    }

    private static Hash digest(String algorithm, byte[] bytes) {
        try {
            return Hash.at(ByteBuffer.wrap(MessageDigest.getInstance(algorithm).digest(bytes)), 0);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK has no " + algorithm, e);
        }
    }
}
