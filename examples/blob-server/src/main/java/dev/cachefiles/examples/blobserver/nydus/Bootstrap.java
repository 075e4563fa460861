// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.nydus;

import static dev.cachefiles.examples.blobserver.nydus.Format.wrong;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.PermanentException;
import dev.cachefiles.blob.WrongBytesException;
import dev.cachefiles.examples.blobserver.chunk.Hash;
import dev.cachefiles.examples.blobserver.chunk.SourceBytes;
import dev.cachefiles.examples.blobserver.nydus.ChunkTable.Chunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a RAFS v6 bootstrap says of its blobs and their chunks. The bootstrap is an EROFS image, which the kernel reads
 * itself; behind the superblock of EROFS, at byte 1152, a second one leads to the tables that only a daemon needs.
 *
 * <p>A bootstrap may be damaged or hostile: everything is checked before it is used.
 *
 * <p>Immutable and safe for use by several threads.
 */
final class Bootstrap {
    /** Enough for 800 000 chunks. */
    private static final int MAX_TABLE = 64 << 20;

    private static final int MAX_DEVICE_SLOT = 0xffff;

    private final String file;
    private final List<BlobEntry> blobs;
    private final List<List<Chunk>> chunks;

    private Bootstrap(String file, List<BlobEntry> blobs, List<List<Chunk>> chunks) {
        this.file = file;
        this.blobs = blobs;
        this.chunks = chunks;
    }

    /**
     * Looks whether bytes are a bootstrap, and reads it then.
     *
     * @param file   how to call it in messages
     * @param source its bytes
     * @return the bootstrap; empty if it is something else, such as another EROFS image
     * @throws WrongBytesException if it is damaged; names the offset
     * @throws PermanentException  if it cannot be served
     * @throws IOException         if the source fails
     */
    static Optional<Bootstrap> read(String file, BlobSource source) throws IOException {
        long size = source.size();
        int header = Format.SUPER_OFFSET + Format.SUPER_SIZE + Format.EXTENSION_SIZE;
        if (size < header) {
            return Optional.empty();
        }
        ByteBuffer bytes = Format.littleEndian(SourceBytes.read(source, 0, header));
        int base = Format.SUPER_OFFSET;
        if (bytes.getInt(base) != Format.EROFS_MAGIC || (bytes.getInt(base + 8) & Format.COMPAT_RAFS_V6) == 0) {
            return Optional.empty();
        }
        if (bytes.get(base + 12) != 12) {
            throw new PermanentException(file + ", byte " + (base + 12) + ": blocks of 2^" + bytes.get(base + 12)
                    + " bytes, as in images of tar files, cannot be mounted over cachefiles, only those of 4096");
        }
        int extension = base + Format.SUPER_SIZE;
        List<BlobEntry> blobs =
                blobTable(file, source, bytes.getLong(extension + 8), bytes.getInt(extension + 16), extension);
        checkDevices(file, source, blobs, bytes);
        List<List<Chunk>> chunks = chunkTable(
                file, source, blobs, bytes.getLong(extension + 24), bytes.getLong(extension + 32), extension);
        return Optional.of(new Bootstrap(file, blobs, chunks));
    }

    private static List<BlobEntry> blobTable(String file, BlobSource source, long offset, int length, int said)
            throws IOException {
        if (length < 0 || length % Format.BLOB_SIZE != 0 || length / Format.BLOB_SIZE > Format.MAX_BLOBS) {
            throw wrong(file, said + 16, Integer.toUnsignedString(length) + " cannot be the size of the blob table");
        }
        if (!Format.fits(offset, length, source.size())) {
            throw wrong(file, said + 8, "the blob table at " + Long.toUnsignedString(offset) + " is not in the file");
        }
        ByteBuffer table = Format.littleEndian(SourceBytes.read(source, offset, length));
        var blobs = new ArrayList<BlobEntry>();
        for (int at = 0; at < length; at += Format.BLOB_SIZE) {
            ByteBuffer entry = table.slice(at, Format.BLOB_SIZE).order(table.order());
            blobs.add(BlobEntry.parse(file, entry, at / Format.BLOB_SIZE, offset + at));
        }
        return List.copyOf(blobs);
    }

    /** The kernel goes by the devices, we go by the blobs: they must mean the same. */
    private static void checkDevices(String file, BlobSource source, List<BlobEntry> blobs, ByteBuffer header)
            throws IOException {
        int count = header.getShort(Format.SUPER_OFFSET + 86) & 0xffff;
        long offset = (long) (header.getShort(Format.SUPER_OFFSET + 88) & MAX_DEVICE_SLOT) * Format.DEVICE_SIZE;
        if (count != blobs.size()) {
            throw wrong(
                    file, Format.SUPER_OFFSET + 86, "there are " + count + " devices for " + blobs.size() + " blobs");
        }
        if (!Format.fits(offset, (long) count * Format.DEVICE_SIZE, source.size())) {
            throw wrong(file, Format.SUPER_OFFSET + 88, "the device table at " + offset + " is not in the file");
        }
        ByteBuffer table = Format.littleEndian(SourceBytes.read(source, offset, count * Format.DEVICE_SIZE));
        for (BlobEntry blob : blobs) {
            int at = blob.index() * Format.DEVICE_SIZE;
            String id = Format.text(table, at, Format.BLOB_ID_LENGTH);
            if (!id.equals(blob.id())) {
                throw wrong(
                        file, offset + at, "device " + (blob.index() + 1) + " is not the blob " + blob.id() + " there");
            }
            long blocks = Integer.toUnsignedLong(table.getInt(at + Format.BLOB_ID_LENGTH));
            if (blocks * Format.BLOCK > blob.servedSize()) {
                throw wrong(
                        file,
                        offset + at + Format.BLOB_ID_LENGTH,
                        "device " + (blob.index() + 1) + " has " + blocks + " blocks, its blob only "
                                + blob.servedSize() / Format.BLOCK);
            }
        }
    }

    private static List<List<Chunk>> chunkTable(
            String file, BlobSource source, List<BlobEntry> blobs, long offset, long length, int said)
            throws IOException {
        if (length < 0 || length % Format.CHUNK_SIZE != 0) {
            throw wrong(file, said + 32, Long.toUnsignedString(length) + " cannot be the size of the chunk table");
        }
        if (length > MAX_TABLE) {
            throw new PermanentException(file + ", byte " + (said + 32) + ": a chunk table of " + length
                    + " bytes is not served, only up to " + MAX_TABLE);
        }
        if (!Format.fits(offset, length, source.size())) {
            throw wrong(file, said + 24, "the chunk table at " + Long.toUnsignedString(offset) + " is not in the file");
        }
        var chunks = new ArrayList<List<Chunk>>();
        blobs.forEach(blob -> chunks.add(new ArrayList<>()));
        ByteBuffer table = Format.littleEndian(SourceBytes.read(source, offset, (int) length));
        for (int at = 0; at < length; at += Format.CHUNK_SIZE) {
            int blob = table.getInt(at + 32);
            if (blob < 0 || blob >= blobs.size()) {
                throw wrong(file, offset + at + 32, "a chunk is of blob " + blob + ", of " + blobs.size());
            }
            int flags = table.getInt(at + 36);
            if ((flags & ~(Format.CHUNK_COMPRESSED | Format.CHUNK_HAS_CRC32)) != 0
                    && (blobs.get(blob).features() & (Format.BLOB_BATCH | Format.BLOB_ENCRYPTED)) == 0) {
                throw wrong(file, offset + at + 36, "a chunk has the flags 0x" + Integer.toHexString(flags));
            }
            chunks.get(blob)
                    .add(new Chunk(
                            table.getLong(at + 56),
                            table.getInt(at + 44),
                            table.getLong(at + 48),
                            table.getInt(at + 40),
                            (flags & Format.CHUNK_COMPRESSED) != 0,
                            Hash.at(table, at)));
        }
        return List.copyOf(chunks);
    }

    /** How it is called in messages. */
    String file() {
        return file;
    }

    /** The blobs, in the order of the kernel's devices. */
    List<BlobEntry> blobs() {
        return blobs;
    }

    /** Finds a blob by its id. */
    Optional<BlobEntry> blob(String id) {
        return blobs.stream().filter(blob -> blob.id().equals(id)).findFirst();
    }

    /** The chunks of a blob that this image uses, as they were written; not checked. */
    List<Chunk> chunks(BlobEntry blob) {
        return chunks.get(blob.index());
    }
}
