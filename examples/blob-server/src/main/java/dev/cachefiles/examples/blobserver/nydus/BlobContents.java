// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import static dev.cachefiles.examples.blobserver.nydus.Format.wrong;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.chunk.ChunkDigest;
import dev.cachefiles.examples.blobserver.chunk.Codec;
import dev.cachefiles.examples.blobserver.chunk.Hash;
import dev.cachefiles.examples.blobserver.chunk.SourceBytes;
import dev.cachefiles.examples.blobserver.nydus.ChunkTable.Chunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What a stored blob says of itself: all its chunks, also those that an image does not use.
 *
 * <p>Its end is a table of contents, whose digest is in the bootstrap and which has the digest of what it lists: of
 * {@code blob.meta}, where the chunks are, and of {@code blob.digest}, what is in them. So the bootstrap vouches for all.
 */
final class BlobContents {
    private static final int ENTRY_SIZE = 128;
    private static final int TAR_HEADER_SIZE = 512;
    private static final int MAX_TOC = 4096;
    private static final int MAX_TABLE = 64 << 20;

    private final BlobEntry blob;
    private final BlobSource stored;
    private final String file;

    private BlobContents(BlobEntry blob, BlobSource stored) {
        this.blob = blob;
        this.stored = stored;
        this.file = "blob " + blob.id();
    }

    /** Tells whether a blob has a table of contents that can be trusted, and digests of its chunks. */
    static boolean areIn(BlobEntry blob) {
        return blob.has(Format.BLOB_HAS_TOC)
                && blob.has(Format.BLOB_INLINED_DIGESTS)
                && blob.tocSize() > 0
                && !blob.tocDigest().isZero();
    }

    /**
     * Reads the chunks of a blob.
     *
     * @param blob   one of which {@link #areIn} is true
     * @param stored the blob as it is stored
     * @return all its chunks; not checked against the blob's bounds
     * @throws WrongBytesException if digests do not match, or what they vouch for cannot be
     * @throws IOException         if the source fails
     */
    static List<Chunk> chunks(BlobEntry blob, BlobSource stored) throws IOException {
        var contents = new BlobContents(blob, stored);
        ByteBuffer toc = contents.toc();
        int entrySize = blob.has(Format.BLOB_CHUNK_INFO_V2) ? 24 : 16;
        byte[] places = contents.part(toc, "blob.meta", (long) blob.chunkCount() * entrySize);
        byte[] digests = contents.part(toc, "blob.digest", (long) blob.chunkCount() * Hash.LENGTH);
        ByteBuffer words = Format.littleEndian(places);
        var chunks = new ArrayList<Chunk>();
        for (int i = 0; i < blob.chunkCount(); i++) {
            Hash digest = Hash.at(ByteBuffer.wrap(digests), i * Hash.LENGTH);
            long unpacked = words.getLong(i * entrySize);
            long packed = words.getLong(i * entrySize + 8);
            chunks.add(
                    entrySize == 16 ? firstVersion(unpacked, packed, digest) : secondVersion(unpacked, packed, digest));
        }
        return chunks;
    }

    /**
     * {@code unpacked}: bits 12 to 43 are those of the offset; size less one has its low 20 bits from bit 44 on, four more
     * at bit 8. {@code packed}: 40 bits of offset, four high bits and then 20 low bits of the size less one.
     */
    private static Chunk firstVersion(long unpacked, long packed, Hash digest) {
        int size = (int) ((unpacked >>> 44) | ((unpacked & 0xf00) << 12)) + 1;
        int storedSize = (int) ((packed >>> 44) | ((packed >>> 20) & 0xf0_0000)) + 1;
        return new Chunk(
                unpacked & 0xfff_ffff_f000L, size, packed & 0xff_ffff_ffffL, storedSize, storedSize != size, digest);
    }

    /**
     * {@code unpacked}: the block in 32 bits, size less one in 24, flags in 8. {@code packed}: offset in 40 bits, size in
     * 24.
     */
    private static Chunk secondVersion(long unpacked, long packed, Hash digest) {
        return new Chunk(
                (unpacked & 0xffff_ffffL) * Format.BLOCK,
                (int) ((unpacked >>> 32) & 0xff_ffff) + 1,
                packed & 0xff_ffff_ffffL,
                (int) (packed >>> 40),
                (unpacked >>> 56 & Format.CHUNK_COMPRESSED) != 0,
                digest);
    }

    private ByteBuffer toc() throws IOException {
        long size = stored.size();
        int length = blob.tocSize();
        if (length < TAR_HEADER_SIZE || length > MAX_TOC || (length - TAR_HEADER_SIZE) % ENTRY_SIZE != 0) {
            throw new WrongBytesException(file + ": " + length + " bytes cannot be the size of a table of contents");
        }
        if (length > size) {
            throw wrong(file, size, "the blob ends before its table of contents");
        }
        byte[] toc = SourceBytes.read(stored, size - length, length);
        check(ChunkDigest.SHA_256, toc, blob.tocDigest(), "the table of contents", size - length);
        return Format.littleEndian(toc).limit(length - TAR_HEADER_SIZE);
    }

    private byte[] part(ByteBuffer toc, String name, long expected) throws IOException {
        for (int at = 0; at < toc.limit(); at += ENTRY_SIZE) {
            if (Format.text(toc, at + 8, 16).equals(name)) {
                return part(toc, at, name, expected);
            }
        }
        throw new PermanentException(file + " has no " + name + " in its table of contents");
    }

    private byte[] part(ByteBuffer toc, int at, String name, long expected) throws IOException {
        long offset = toc.getLong(at + 56);
        long storedSize = toc.getLong(at + 64);
        long size = toc.getLong(at + 72);
        if (size != expected || size > MAX_TABLE || storedSize > MAX_TABLE) {
            throw new WrongBytesException(file + ": " + name + " has " + size + " bytes instead of " + expected);
        }
        if (!Format.fits(offset, storedSize, stored.size())) {
            throw wrong(file, offset, name + " is not in the blob");
        }
        byte[] bytes = SourceBytes.read(stored, offset, (int) storedSize);
        try {
            bytes = codec(toc.getInt(at)).unpack(bytes, (int) size);
        } catch (WrongBytesException e) {
            throw new WrongBytesException(file + ", byte " + offset + ": " + name + " " + e.getMessage(), e);
        }
        check(ChunkDigest.SHA_256, bytes, Hash.at(toc, at + 24), name, offset);
        return bytes;
    }

    private Codec codec(int flags) throws PermanentException {
        return switch (flags & 0xf) {
            case 1 -> Codec.NONE;
            case 2 -> Codec.ZSTD;
            case 4 -> Codec.LZ4_BLOCK;
            default -> throw new PermanentException(file + ": unknown compression in the table of contents");
        };
    }

    private void check(ChunkDigest algorithm, byte[] bytes, Hash digest, String what, long offset)
            throws WrongBytesException {
        try {
            algorithm.check(bytes, digest);
        } catch (WrongBytesException e) {
            throw new WrongBytesException(file + ", byte " + offset + ": " + what + " " + e.getMessage(), e);
        }
    }
}
