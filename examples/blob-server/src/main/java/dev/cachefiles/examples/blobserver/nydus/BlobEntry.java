// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import static dev.cachefiles.examples.blobserver.nydus.Format.wrong;

import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.chunk.ChunkDigest;
import dev.cachefiles.examples.blobserver.chunk.Codec;
import dev.cachefiles.examples.blobserver.chunk.Hash;
import java.nio.ByteBuffer;

/**
 * What a bootstrap says of one of its blobs.
 *
 * @param index            place in the table, from 0; the kernel's device number less one
 * @param id               names the blob, and is the cookie key that the kernel asks for
 * @param chunkSize        most bytes of a chunk, unpacked
 * @param chunkCount       chunks in the blob, which may be more than this image uses
 * @param codec            how those chunks are packed that are packed at all
 * @param digest           how digests of chunks are made
 * @param features         {@code Format.BLOB_*}
 * @param compressedSize   bytes of the blob as it is stored, or of the part with chunks
 * @param uncompressedSize bytes of the blob as the kernel sees it
 * @param tocSize          bytes of the table of contents at the blob's end; 0 if it is not said
 * @param tocDigest        their SHA-256; all zero if it is not said
 */
record BlobEntry(
        int index,
        String id,
        int chunkSize,
        int chunkCount,
        Codec codec,
        ChunkDigest digest,
        int features,
        long compressedSize,
        long uncompressedSize,
        int tocSize,
        Hash tocDigest) {

    /** What is in no blob that is served. */
    private static final int NOT_SERVED = Format.BLOB_ZRAN
            | Format.BLOB_SEPARATE
            | Format.BLOB_TARFS
            | Format.BLOB_BATCH
            | Format.BLOB_ENCRYPTED
            | Format.BLOB_EXTERNAL;

    private static final int MAX_CHUNKS = 1 << 24;

    /** Parses an entry of the blob table; the offset is that in the file, for messages. */
    static BlobEntry parse(String file, ByteBuffer entry, int index, long offset) throws PermanentException {
        String id = Format.text(entry, 0, Format.BLOB_ID_LENGTH);
        if (id.isEmpty() || id.chars().anyMatch(c -> c <= ' ' || c > '~' || c == '/')) {
            throw wrong(file, offset, "blob " + index + " has an id that is not printable");
        }
        if (entry.getInt(64) != index) {
            throw wrong(file, offset + 64, "blob " + index + " says that it is blob " + entry.getInt(64));
        }
        int chunkSize = entry.getInt(68);
        if (Integer.bitCount(chunkSize) != 1 || chunkSize < Format.BLOCK || chunkSize > Format.MAX_CHUNK_SIZE) {
            throw wrong(file, offset + 68, Integer.toUnsignedString(chunkSize) + " cannot be the size of chunks");
        }
        int chunkCount = entry.getInt(72);
        if (chunkCount < 0 || chunkCount > MAX_CHUNKS) {
            throw wrong(file, offset + 72, Integer.toUnsignedString(chunkCount) + " cannot be the number of chunks");
        }
        long compressed = entry.getLong(88);
        if (compressed < 0 || compressed > Format.MAX_COMPRESSED) {
            throw wrong(file, offset + 88, Long.toUnsignedString(compressed) + " cannot be the size of a blob");
        }
        long uncompressed = entry.getLong(96);
        if (uncompressed < 0 || uncompressed > Format.MAX_UNCOMPRESSED) {
            throw wrong(file, offset + 96, Long.toUnsignedString(uncompressed) + " cannot be the size of a blob");
        }
        return new BlobEntry(
                index,
                id,
                chunkSize,
                chunkCount,
                codec(file, offset + 76, entry.getInt(76)),
                digest(file, offset + 80, entry.getInt(80)),
                entry.getInt(84),
                compressed,
                uncompressed,
                entry.getInt(104),
                Hash.at(entry, 136));
    }

    private static Codec codec(String file, long offset, int number) throws WrongBytesException {
        return switch (number) {
            case 0 -> Codec.NONE;
            case 1 -> Codec.LZ4_BLOCK;
            case 2 -> Codec.GZIP;
            case 3 -> Codec.ZSTD;
            default -> throw wrong(file, offset, number + " is no compression; known: 0 to 3");
        };
    }

    private static ChunkDigest digest(String file, long offset, int number) throws WrongBytesException {
        return switch (number) {
            case 0 -> ChunkDigest.BLAKE3;
            case 1 -> ChunkDigest.SHA_256;
            default -> throw wrong(file, offset, number + " is no digest; known: 0 (BLAKE3), 1 (SHA-256)");
        };
    }

    boolean has(int feature) {
        return (features & feature) != 0;
    }

    /** Bytes of the blob as the kernel sees it, in whole blocks, which is how it is read. */
    long servedSize() {
        return Format.alignUp(uncompressedSize);
    }

    /** Refuses what this class knows and others do not serve. */
    void checkServed() throws PermanentException {
        int strange = features & NOT_SERVED;
        if (strange != 0) {
            throw new PermanentException("blob " + id + " cannot be served: it is " + describe(strange)
                    + "; convert the image with 'nydus-image create' and neither batches nor encryption, from a"
                    + " directory or tar file");
        }
        if (!has(Format.BLOB_ALIGNED)) {
            throw new PermanentException("blob " + id + " cannot be served: its chunks are not aligned to blocks");
        }
    }

    private static String describe(int features) {
        return (features & Format.BLOB_ZRAN) != 0
                ? "an index into a gzip layer (zran)"
                : (features & Format.BLOB_TARFS) != 0
                        ? "a tar file (tarfs)"
                        : (features & Format.BLOB_BATCH) != 0
                                ? "made of batches of chunks"
                                : (features & Format.BLOB_ENCRYPTED) != 0
                                        ? "encrypted"
                                        : (features & Format.BLOB_SEPARATE) != 0
                                                ? "kept apart from the table of its chunks"
                                                : "kept outside";
    }
}
