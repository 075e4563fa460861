// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.chunk;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.cachefiles.blob.WrongBytesException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.zip.GZIPInputStream;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/**
 * How a chunk is packed.
 *
 * <p>What is unpacked is untrusted: the size is known beforehand, never more is written, and less is a failure.
 */
public enum Codec {
    /** As it is. */
    NONE {
        @Override
        byte[] unpack(byte[] packed, int offset, int length, int size) throws WrongBytesException {
            expect(length, size);
            byte[] bytes = new byte[size];
            System.arraycopy(packed, offset, bytes, 0, size);
            return bytes;
        }
    },
    /** One block of LZ4, without a frame around it. */
    LZ4_BLOCK {
        @Override
        byte[] unpack(byte[] packed, int offset, int length, int size) throws WrongBytesException {
            byte[] bytes = new byte[size];
            try {
                expect(Lz4.DECOMPRESSOR.decompress(packed, offset, length, bytes, 0, size), size);
            } catch (LZ4Exception e) {
                throw new WrongBytesException("cannot be unpacked as lz4: " + e.getMessage(), e);
            }
            return bytes;
        }
    },
    /** One or more gzip members. */
    GZIP {
        @Override
        byte[] unpack(byte[] packed, int offset, int length, int size) throws WrongBytesException {
            try (var unpacked = new GZIPInputStream(new ByteArrayInputStream(packed, offset, length))) {
                byte[] bytes = unpacked.readNBytes(size);
                expect(bytes.length, size);
                if (unpacked.read() >= 0) {
                    throw new WrongBytesException("has more than the " + size + " bytes that it should have");
                }
                return bytes;
            } catch (WrongBytesException e) {
                throw e;
            } catch (IOException e) {
                throw new WrongBytesException("cannot be unpacked as gzip: " + e.getMessage(), e);
            }
        }
    },
    /** One or more frames of Zstandard. */
    ZSTD {
        @Override
        byte[] unpack(byte[] packed, int offset, int length, int size) throws WrongBytesException {
            byte[] bytes = new byte[size];
            try {
                expect(Zstd.decompressByteArray(bytes, 0, size, packed, offset, length), size);
            } catch (ZstdException e) {
                throw new WrongBytesException("cannot be unpacked as zstd: " + e.getMessage(), e);
            }
            return bytes;
        }
    };

    /** Loaded when the first such chunk comes. */
    private static final class Lz4 {
        static final LZ4SafeDecompressor DECOMPRESSOR =
                LZ4Factory.safeInstance().safeDecompressor();
    }

    /**
     * Unpacks a chunk.
     *
     * @param packed what is packed
     * @param size   bytes that must come out
     * @return the bytes, {@code size} of them
     * @throws WrongBytesException if other than {@code size} bytes come out, or {@code packed} is damaged
     */
    public byte[] unpack(byte[] packed, int size) throws WrongBytesException {
        return unpack(packed, 0, packed.length, size);
    }

    abstract byte[] unpack(byte[] packed, int offset, int length, int size) throws WrongBytesException;

    private static void expect(long found, int size) throws WrongBytesException {
        if (found != size) {
            throw new WrongBytesException("has " + found + " bytes instead of " + size);
        }
    }
}
