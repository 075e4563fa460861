// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.WrongBytesException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;

/**
 * The digests of a blob's chunks, all of one size but for the last.
 *
 * <p>A file of them is a line of text, {@code cachefiles-chunks 1 ALGORITHM CHUNK_SIZE BLOB_SIZE}, ended by a newline,
 * and then the bytes of the digests one after the other.
 *
 * <p>Immutable and safe for use by several threads.
 */
public final class ChunkDigests {

    /** The largest chunk, in bytes. */
    public static final int MAX_CHUNK_SIZE = 64 << 20;

    private static final String MAGIC = "cachefiles-chunks 1 ";
    private static final int MAX_HEAD = 128;

    private final DigestAlgorithm algorithm;
    private final int digestLength;
    private final int chunkSize;
    private final long blobSize;
    private final byte[] table;

    /**
     * Makes the digests from what was computed elsewhere.
     *
     * @param algorithm how they were computed
     * @param chunkSize bytes in a chunk, from 512 to {@value #MAX_CHUNK_SIZE}, a multiple of 512
     * @param blobSize  bytes in the blob, not negative
     * @param table     the digests one after the other, in the order of the chunks; copied
     * @throws IllegalArgumentException if the chunk size is not allowed or the table has another length
     */
    public ChunkDigests(DigestAlgorithm algorithm, int chunkSize, long blobSize, byte[] table) {
        this.algorithm = Objects.requireNonNull(algorithm, "algorithm");
        this.digestLength = algorithm.newDigest().getDigestLength();
        this.chunkSize = checkChunkSize(chunkSize);
        this.blobSize = blobSize;
        this.table = table.clone();
        if (blobSize < 0 || table.length != count(blobSize, chunkSize) * digestLength) {
            throw new IllegalArgumentException("a blob of " + blobSize + " bytes in chunks of " + chunkSize + " has "
                    + count(blobSize, chunkSize) + " digests of " + digestLength + " bytes, not " + table.length
                    + " bytes of them");
        }
    }

    static int checkChunkSize(int chunkSize) {
        if (chunkSize < 512 || chunkSize > MAX_CHUNK_SIZE || chunkSize % 512 != 0) {
            throw new IllegalArgumentException(
                    "chunk size " + chunkSize + " is no multiple of 512 from 512 to " + MAX_CHUNK_SIZE);
        }
        return chunkSize;
    }

    private static long count(long blobSize, int chunkSize) {
        return blobSize / chunkSize + (blobSize % chunkSize == 0 ? 0 : 1);
    }

    /**
     * Computes the digests of a blob, which is read once, from its beginning to its end, and taken for right.
     *
     * @param algorithm how to compute them
     * @param chunkSize bytes in a chunk, from 512 to {@value #MAX_CHUNK_SIZE}, a multiple of 512
     * @param source    the blob
     * @return the digests
     * @throws IllegalArgumentException if the chunk size is not allowed
     * @throws IOException              if the blob cannot be read, or has more than 2 GiB of digests
     */
    public static ChunkDigests compute(DigestAlgorithm algorithm, int chunkSize, BlobSource source) throws IOException {
        var learner = new Learner(algorithm, chunkSize, source.size());
        readAll(source, chunkSize, learner::add);
        return learner.finish();
    }

    /** Hears of each chunk in turn. */
    @FunctionalInterface
    interface ChunkReader {
        void chunk(MemorySegment bytes) throws IOException;
    }

    /** Reads a blob from its beginning to its end, chunk by chunk, through one piece of memory. */
    static void readAll(BlobSource source, int chunkSize, ChunkReader reader) throws IOException {
        long size = source.size();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(Math.max(1, Math.min(size, chunkSize)), 4096);
            for (long offset = 0; offset < size; offset += chunkSize) {
                MemorySegment chunk = memory.asSlice(0, Math.min(chunkSize, size - offset));
                source.read(offset, chunk);
                reader.chunk(chunk);
            }
        }
    }

    /** Collects the digests of the chunks of a blob, which come in order. For use by one thread at a time. */
    public static final class Learner {
        private final DigestAlgorithm algorithm;
        private final MessageDigest digest;
        private final int chunkSize;
        private final long blobSize;
        private final byte[] table;
        private int filled;

        /**
         * Begins.
         *
         * @param algorithm how to compute them
         * @param chunkSize bytes in a chunk, from 512 to {@value #MAX_CHUNK_SIZE}, a multiple of 512
         * @param blobSize  bytes in the blob, not negative
         * @throws IllegalArgumentException if the chunk size is not allowed
         * @throws IOException              if there are more than 2 GiB of digests
         */
        public Learner(DigestAlgorithm algorithm, int chunkSize, long blobSize) throws IOException {
            this.algorithm = algorithm;
            this.digest = algorithm.newDigest();
            this.chunkSize = checkChunkSize(chunkSize);
            this.blobSize = blobSize;
            long length = count(blobSize, chunkSize) * digest.getDigestLength();
            if (length > Integer.MAX_VALUE - 8) {
                throw new IOException("a blob of " + blobSize + " bytes has too many chunks of " + chunkSize
                        + " bytes; use larger ones");
            }
            this.table = new byte[(int) length];
        }

        /**
         * Takes the next bytes.
         *
         * @param chunks one whole chunk or more; the last one of the blob may be shorter
         */
        public void add(MemorySegment chunks) {
            for (long done = 0; done < chunks.byteSize(); done += chunkSize) {
                long length = Math.min(chunkSize, chunks.byteSize() - done);
                digest.update(chunks.asSlice(done, length).asByteBuffer());
                byte[] value = digest.digest();
                System.arraycopy(value, 0, table, filled, value.length);
                filled += value.length;
            }
        }

        /**
         * Ends.
         *
         * @return the digests
         * @throws IllegalStateException if bytes are missing
         */
        public ChunkDigests finish() {
            if (filled != table.length) {
                throw new IllegalStateException("not all chunks have come");
            }
            return new ChunkDigests(algorithm, chunkSize, blobSize, table);
        }
    }

    /**
     * Reads a file of digests.
     *
     * @param file       the file
     * @param algorithms the algorithms that are known
     * @return the digests
     * @throws WrongBytesException if the file is none of these, names another algorithm or is cut short
     * @throws IOException         if it cannot be read
     */
    public static ChunkDigests read(Path file, DigestAlgorithm... algorithms) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int end = 0;
        while (end < Math.min(bytes.length, MAX_HEAD) && bytes[end] != '\n') {
            end++;
        }
        String head = new String(bytes, 0, end, StandardCharsets.US_ASCII);
        if (!head.startsWith(MAGIC)) {
            throw new WrongBytesException(file + " is no file of chunk digests");
        }
        String[] fields = head.substring(MAGIC.length()).split(" ", -1);
        try {
            for (DigestAlgorithm known : algorithms) {
                if (fields.length == 3 && known.name().equals(fields[0])) {
                    return new ChunkDigests(
                            known,
                            Integer.parseInt(fields[1]),
                            Long.parseLong(fields[2]),
                            Arrays.copyOfRange(bytes, Math.min(end + 1, bytes.length), bytes.length));
                }
            }
        } catch (IllegalArgumentException e) {
            throw new WrongBytesException(file + ": " + e.getMessage(), e);
        }
        throw new WrongBytesException(file + ": \"" + head + "\" names no known algorithm: "
                + Arrays.stream(algorithms).map(DigestAlgorithm::name).toList());
    }

    /**
     * Writes a file of these digests, which appears under its name when it is whole.
     *
     * @param file the file, replaced if it exists
     * @throws IOException if it cannot be written
     */
    public void write(Path file) throws IOException {
        byte[] head = (MAGIC + algorithm.name() + " " + chunkSize + " " + blobSize + "\n")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = Arrays.copyOf(head, head.length + table.length);
        System.arraycopy(table, 0, bytes, head.length, table.length);
        AtomicFiles.write(file, bytes);
    }

    /**
     * Gives the size of a chunk.
     *
     * @return bytes; the last chunk of the blob may be shorter
     */
    public int chunkSize() {
        return chunkSize;
    }

    /**
     * Gives the size of the blob.
     *
     * @return bytes
     */
    public long blobSize() {
        return blobSize;
    }

    /**
     * Gives the digests.
     *
     * @return the digests one after the other, in the order of the chunks; a copy
     */
    public byte[] table() {
        return table.clone();
    }

    /** Checks whole chunks, the first of which is at the offset. */
    void verify(long offset, MemorySegment chunks, Object blob) throws WrongBytesException {
        MessageDigest digest = algorithm.newDigest();
        for (long done = 0; done < chunks.byteSize(); done += chunkSize) {
            long length = Math.min(chunkSize, chunks.byteSize() - done);
            digest.update(chunks.asSlice(done, length).asByteBuffer());
            byte[] found = digest.digest();
            int at = (int) ((offset + done) / chunkSize) * digestLength;
            if (!MessageDigest.isEqual(Arrays.copyOfRange(table, at, at + digestLength), found)) {
                throw new WrongBytesException(blob + ": the bytes from " + (offset + done) + " to "
                        + (offset + done + length) + " have the digest " + algorithm.name() + ":"
                        + HexFormat.of().formatHex(found) + ", not "
                        + HexFormat.of().formatHex(table, at, at + digestLength));
            }
        }
    }
}
