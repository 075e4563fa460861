// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import net.jpountz.lz4.LZ4Factory;
import org.apache.commons.codec.digest.Blake3;

/**
 * Makes RAFS v6 images, as Nydus does, of images that {@code mkfs.erofs --blobdev} has made: a block with the superblocks
 * of EROFS and of RAFS and the device table goes before the metadata, the tables of blobs and chunks after it, and the
 * blob is cut into chunks and packed.
 *
 * @param bootstrap what is mounted
 * @param blob      the blob as it is stored, called by its id
 */
public record RafsImage(Path bootstrap, Path blob) {
    private static final int BLOCK = 4096;
    private static final int CHUNK = 16 * BLOCK;
    private static final int SUPER = 1024;
    private static final int EXTENSION = SUPER + 128;
    private static final int DEVICES = EXTENSION + 256;

    /** How chunks are packed, as the format numbers it, and whether digests are BLAKE3 or else SHA-256. */
    public enum Packing {
        NONE(0, 0x1, true),
        LZ4(1, 0x2, false),
        ZSTD(3, 0x80, true);

        private final int number;
        private final int flag;
        private final boolean blake3;

        Packing(int number, int flag, boolean blake3) {
            this.number = number;
            this.flag = flag;
            this.blake3 = blake3;
        }

        private byte[] pack(byte[] chunk) {
            return switch (this) {
                case NONE -> chunk;
                case LZ4 -> LZ4Factory.safeInstance().fastCompressor().compress(chunk);
                case ZSTD -> Zstd.compress(chunk);
            };
        }

        private byte[] digest(byte[] chunk) {
            return blake3 ? Blake3.hash(chunk) : sha256(chunk);
        }
    }

    /** Makes an image of a tree whose directories are small, in a directory. */
    public static RafsImage make(Path directory, String name, Path tree, Packing packing) throws IOException {
        Path erofs = directory.resolve(name + ".erofs");
        Path device = directory.resolve(name + ".device");
        ErofsImage.make(erofs, tree, "--blobdev=" + device, "--chunksize=65536");
        byte[] metadata = aligned(Files.readAllBytes(erofs));
        byte[] data = aligned(Files.readAllBytes(device));
        Files.delete(erofs);
        Files.delete(device);

        int count = (data.length + CHUNK - 1) / CHUNK;
        var stored = new ByteArrayOutputStream();
        byte[] chunkBytes = new byte[80 * count];
        ByteBuffer chunks = littleEndian(chunkBytes);
        for (int i = 0; i < count; i++) {
            byte[] chunk = Arrays.copyOfRange(data, i * CHUNK, Math.min(data.length, (i + 1) * CHUNK));
            byte[] packed = packing.pack(chunk);
            boolean smaller = packed.length < chunk.length;
            byte[] kept = smaller ? packed : chunk;
            chunks.put(packing.digest(chunk)).putInt(0).putInt(smaller ? 1 : 0);
            chunks.putInt(kept.length).putInt(chunk.length);
            chunks.putLong(stored.size())
                    .putLong((long) i * CHUNK)
                    .putLong(0)
                    .putInt(i)
                    .putInt(0);
            stored.write(kept);
        }
        String id = HexFormat.of().formatHex(sha256(stored.toByteArray()));

        int blobTable = BLOCK + metadata.length;
        int chunkTable = blobTable + BLOCK;
        byte[] imageBytes = new byte[chunkTable + aligned(chunkBytes).length];
        ByteBuffer image = littleEndian(imageBytes);
        image.put(SUPER, metadata, SUPER, 128);
        image.putInt(SUPER + 4, 0); // no checksum
        image.putInt(SUPER + 8, (image.getInt(SUPER + 8) & ~1) | 0x4000_0000);
        image.putInt(SUPER + 36, image.capacity() / BLOCK);
        image.putInt(SUPER + 40, 1); // the metadata begins with the next block
        image.putShort(SUPER + 88, (short) (DEVICES / 128));
        image.putLong(EXTENSION, packing.flag | (packing.blake3 ? 0x4 : 0x8));
        image.putLong(EXTENSION + 8, blobTable).putInt(EXTENSION + 16, 256).putInt(EXTENSION + 20, CHUNK);
        image.putLong(EXTENSION + 24, chunkTable).putLong(EXTENSION + 32, chunks.capacity());
        image.put(DEVICES, id.getBytes(StandardCharsets.US_ASCII)).putInt(DEVICES + 64, data.length / BLOCK);
        image.put(BLOCK, metadata);
        image.put(blobTable, id.getBytes(StandardCharsets.US_ASCII));
        image.position(blobTable + 64).putInt(0).putInt(CHUNK).putInt(count).putInt(packing.number);
        image.putInt(packing.blake3 ? 0 : 1).putInt(1).putLong(stored.size()).putLong(data.length);
        image.put(chunkTable, chunkBytes);
        return new RafsImage(
                Files.write(directory.resolve(name), imageBytes),
                Files.write(directory.resolve(id), stored.toByteArray()));
    }

    /** Where a chunk is stored in the blob. */
    public long storedOffset(int chunk) throws IOException {
        ByteBuffer image = ByteBuffer.wrap(Files.readAllBytes(bootstrap)).order(ByteOrder.LITTLE_ENDIAN);
        return image.getLong((int) image.getLong(EXTENSION + 24) + 80 * chunk + 48);
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] aligned(byte[] bytes) {
        return Arrays.copyOf(bytes, (bytes.length + BLOCK - 1) / BLOCK * BLOCK);
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
