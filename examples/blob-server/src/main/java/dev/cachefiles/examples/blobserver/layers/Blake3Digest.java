// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.layers;

import dev.cachefiles.blob.layer.DigestAlgorithm;
import java.security.MessageDigest;
import org.apache.commons.codec.digest.Blake3;

/** BLAKE3 with 256 bits, of Apache Commons Codec, in the form that layers take. */
public final class Blake3Digest extends MessageDigest {

    /** The algorithm, {@code blake3}. */
    public static final DigestAlgorithm BLAKE3 = new DigestAlgorithm("blake3", Blake3Digest::new);

    private static final int LENGTH = 32;

    private final Blake3 state = Blake3.initHash();

    /** Begins a digest. */
    public Blake3Digest() {
        super("BLAKE3-256");
    }

    @Override
    protected int engineGetDigestLength() {
        return LENGTH;
    }

    @Override
    protected void engineUpdate(byte input) {
        state.update(new byte[] {input});
    }

    @Override
    protected void engineUpdate(byte[] input, int offset, int length) {
        state.update(input, offset, length);
    }

    @Override
    protected byte[] engineDigest() {
        byte[] digest = state.doFinalize(LENGTH);
        engineReset();
        return digest;
    }

    @Override
    protected void engineReset() {
        state.reset();
    }
}
