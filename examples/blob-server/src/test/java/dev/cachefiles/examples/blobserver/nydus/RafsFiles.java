// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import com.github.luben.zstd.Zstd;
import dev.cachefiles.examples.blobserver.chunk.ChunkDigest;
import dev.cachefiles.examples.blobserver.chunk.Codec;
import dev.cachefiles.examples.blobserver.chunk.Hash;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jpountz.lz4.LZ4Factory;

/** Writes a bootstrap, without what only the kernel reads, and its blob. */
final class RafsFiles {
    static final String ID = "be7d77eeb719f70884758d1aa800ed0fb09d701aaec469964e9d54325f0d5fef";
    static final int EXTENSION = 1152;
    static final int DEVICES = 1408;
    static final int BLOB_TABLE = 4096;
    static final int CHUNK_TABLE = 8192;

    /** Sizes of chunks: with and without padding. */
    private static final int[] SIZES = {5000, 4096, 1, 65_536, 12_000};

    private final Codec codec;
    private final ChunkDigest digest;
    private final List<byte[]> chunks = new ArrayList<>();
    private final List<byte[]> packed = new ArrayList<>();
    private final ByteArrayOutputStream stored = new ByteArrayOutputStream();
    private final byte[] unpacked;
    private Hash tocDigest = new Hash(0, 0, 0, 0);
    private int tocSize;
    private boolean secondVersion;

    RafsFiles(Codec codec, ChunkDigest digest) {
        this.codec = codec;
        this.digest = digest;
        var blob = new ByteArrayOutputStream();
        for (int i = 0; i < SIZES.length; i++) {
            byte[] chunk = new byte[SIZES[i]];
            for (int at = 0; at < chunk.length; at++) {
                chunk[at] = (byte) (i + 1 + at / 100);
            }
            chunks.add(chunk);
            blob.writeBytes(chunk);
            blob.writeBytes(new byte[(4096 - blob.size() % 4096) % 4096]);
            byte[] smaller = pack(chunk);
            packed.add(smaller.length < chunk.length ? smaller : chunk);
            stored.writeBytes(packed.getLast());
        }
        unpacked = blob.toByteArray();
    }

    private byte[] pack(byte[] chunk) {
        return switch (codec) {
            case NONE -> chunk;
            case LZ4_BLOCK -> LZ4Factory.safeInstance().fastCompressor().compress(chunk);
            case ZSTD -> Zstd.compress(chunk);
            case GZIP -> throw new IllegalArgumentException();
        };
    }

    private boolean isPacked(int chunk) {
        return packed.get(chunk).length < chunks.get(chunk).length;
    }

    /** The blob as the kernel sees it. */
    byte[] unpacked() {
        return unpacked;
    }

    byte[] stored() {
        return stored.toByteArray();
    }

    long offset(int chunk) {
        return chunks.stream()
                .limit(chunk)
                .mapToLong(c -> Format.alignUp(c.length))
                .sum();
    }

    int storedOffset(int chunk) {
        return packed.stream().limit(chunk).mapToInt(c -> c.length).sum();
    }

    /** Appends the table of contents and what it lists. */
    RafsFiles withContents(boolean inSecondVersion) {
        secondVersion = inSecondVersion;
        int entry = secondVersion ? 24 : 16;
        byte[] metaBytes = new byte[entry * chunks.size()];
        ByteBuffer meta = Format.littleEndian(metaBytes);
        byte[] digestBytes = new byte[32 * chunks.size()];
        ByteBuffer digests = ByteBuffer.wrap(digestBytes);
        for (int i = 0; i < chunks.size(); i++) {
            long size = chunks.get(i).length - 1L;
            long storedSize = packed.get(i).length;
            if (secondVersion) {
                long flag = isPacked(i) ? 1L << 56 : 0;
                meta.putLong(offset(i) / 4096 | (size << 32) | flag).putLong(storedOffset(i) | (storedSize << 40));
                meta.putLong(0);
            } else {
                meta.putLong(offset(i) | ((size & 0xfffff) << 44)).putLong(storedOffset(i) | ((storedSize - 1) << 44));
            }
            put(digests, digest.of(chunks.get(i)));
        }
        byte[] whole = new byte[3 * 128 + 512]; // the tar header is not looked at
        ByteBuffer toc = Format.littleEndian(whole);
        entry(toc, 1, "blob.meta", append(metaBytes), metaBytes, metaBytes);
        byte[] packedDigests = Zstd.compress(digestBytes);
        entry(toc, 2, "blob.digest", append(packedDigests), packedDigests, digestBytes);
        append(whole);
        tocDigest = ChunkDigest.SHA_256.of(whole);
        tocSize = whole.length;
        return this;
    }

    private static void entry(ByteBuffer toc, int index, String name, long at, byte[] kept, byte[] bytes) {
        toc.position(index * 128)
                .putInt(kept.length == bytes.length ? 1 : 2)
                .putInt(0)
                .put(name.getBytes(StandardCharsets.US_ASCII));
        put(toc.position(index * 128 + 24).slice(), ChunkDigest.SHA_256.of(bytes));
        toc.position(index * 128 + 56).putLong(at).putLong(kept.length).putLong(bytes.length);
    }

    private long append(byte[] bytes) {
        long at = stored.size();
        stored.writeBytes(bytes);
        return at;
    }

    private static void put(ByteBuffer target, Hash hash) {
        var bytes = ByteBuffer.allocate(32);
        bytes.putLong(hash.first()).putLong(hash.second()).putLong(hash.third()).putLong(hash.fourth());
        target.put(bytes.array());
    }

    /** A bootstrap whose table has some of the chunks. */
    byte[] bootstrap(Integer... used) {
        byte[] bytes = new byte[CHUNK_TABLE + 4096];
        ByteBuffer image = Format.littleEndian(bytes);
        image.putInt(1024, Format.EROFS_MAGIC)
                .putInt(1024 + 8, Format.COMPAT_RAFS_V6)
                .put(1024 + 12, (byte) 12);
        image.putShort(1024 + 86, (short) 1).putShort(1024 + 88, (short) (DEVICES / 128));
        image.putLong(EXTENSION + 8, BLOB_TABLE).putInt(EXTENSION + 16, 256).putInt(EXTENSION + 20, 65_536);
        image.putLong(EXTENSION + 24, CHUNK_TABLE).putLong(EXTENSION + 32, 80L * used.length);
        image.put(DEVICES, ID.getBytes(StandardCharsets.US_ASCII)).putInt(DEVICES + 64, unpacked.length / 4096);
        image.put(BLOB_TABLE, ID.getBytes(StandardCharsets.US_ASCII));
        image.position(BLOB_TABLE + 64).putInt(0).putInt(65_536).putInt(chunks.size());
        image.putInt(codec == Codec.NONE ? 0 : codec == Codec.LZ4_BLOCK ? 1 : 3);
        image.putInt(digest == ChunkDigest.BLAKE3 ? 0 : 1);
        image.putInt(1
                | (tocSize == 0 ? 0 : Format.BLOB_HAS_TOC | Format.BLOB_INLINED_DIGESTS)
                | (secondVersion ? Format.BLOB_CHUNK_INFO_V2 : 0));
        image.putLong(stored.size()).putLong(unpacked.length).putInt(tocSize);
        put(image.position(BLOB_TABLE + 136), tocDigest);
        image.position(CHUNK_TABLE);
        for (int i : used) {
            put(image, digest.of(chunks.get(i)));
            image.putInt(0).putInt(isPacked(i) ? 1 : 0);
            image.putInt(packed.get(i).length).putInt(chunks.get(i).length);
            image.putLong(storedOffset(i))
                    .putLong(offset(i))
                    .putLong(0)
                    .putInt(i)
                    .putInt(0);
        }
        return bytes;
    }
}
