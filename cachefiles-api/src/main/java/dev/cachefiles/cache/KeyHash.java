// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The kernel's hash of keys, {@code fscache_hash} in fs/netfs/fscache_main.c: part of the format on disk. */
final class KeyHash {
    private static final int GOLDEN_RATIO = 0x61C88647;

    private KeyHash() {}

    /** Of a volume: its key as fscache keeps it, with a byte of length before and a NUL behind. */
    static int ofVolume(byte[] key) {
        byte[] data = new byte[padded(key.length + 2)];
        data[0] = (byte) key.length;
        System.arraycopy(key, 0, data, 1, key.length);
        return hash(0, data);
    }

    /** Of an object in a volume. */
    static int ofCookie(byte[] volume, byte[] key) {
        byte[] data = new byte[padded(key.length)];
        System.arraycopy(key, 0, data, 0, key.length);
        return hash(ofVolume(volume), data);
    }

    private static int padded(int length) {
        return (length + Integer.BYTES - 1) & -Integer.BYTES;
    }

    private static int hash(int salt, byte[] data) {
        ByteBuffer words = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        int x = 0;
        int y = salt;
        while (words.hasRemaining()) {
            x ^= words.getInt();
            y ^= x;
            x = Integer.rotateLeft(x, 7);
            x += y;
            y = Integer.rotateLeft(y, 20);
            y *= 9;
        }
        return (y ^ x * GOLDEN_RATIO) * GOLDEN_RATIO;
    }
}
