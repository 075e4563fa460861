// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.WrongBytesException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The ranges of a blob that were read, in the order in which that began, so that they can be fetched ahead next time.
 *
 * <p>A file of them is, one after the other: the 8 bytes {@code CFACCES1}; the number of ranges; for each range, how far it
 * starts from the end of the one before (from 0, the first), and its length; the CRC-32C of all that, 4 bytes, most
 * significant first. Distances and lengths are in units of 4096 bytes, ranges being widened to such blocks. A
 * number is 7 bits to a byte, the lowest first, with the highest bit set in all bytes but the last; a distance d is written
 * as 2d, or as -2d-1 if it is negative. A range takes 2 to 4 bytes in most cases.
 *
 * <p>Immutable and safe for use by several threads.
 *
 * @param ranges the ranges, in order
 */
public record AccessList(List<Range> ranges) {

    /** Most ranges of a list. */
    public static final int MAX_RANGES = 100_000;

    /** Bytes in the unit of a file. */
    public static final int BLOCK = 4096;

    private static final byte[] MAGIC = "CFACCES1".getBytes(StandardCharsets.US_ASCII);
    private static final int CRC_LENGTH = 4;
    private static final int MAX_FILE = MAGIC.length + 2 * 10 * (MAX_RANGES + 1) + CRC_LENGTH;

    /**
     * A range.
     *
     * @param offset byte offset of the first byte, not negative
     * @param length number of bytes, positive
     */
    public record Range(long offset, long length) {

        /**
         * Checks it.
         *
         * @throws IllegalArgumentException if it is empty, or not within the range of {@code long}
         */
        public Range {
            if (offset < 0 || length <= 0 || offset > Long.MAX_VALUE - length) {
                throw new IllegalArgumentException("from " + offset + ", " + length + " bytes: is no range");
            }
        }

        /**
         * Gives the end.
         *
         * @return byte offset after the last byte
         */
        public long end() {
            return offset + length;
        }
    }

    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if there are more than {@value #MAX_RANGES} ranges
     */
    public AccessList {
        ranges = List.copyOf(ranges);
        if (ranges.size() > MAX_RANGES) {
            throw new IllegalArgumentException(ranges.size() + " ranges are more than " + MAX_RANGES);
        }
    }

    /**
     * Reads a file.
     *
     * @param file the file; untrusted input
     * @return the list
     * @throws WrongBytesException if it is no such file, is cut short or was changed
     * @throws IOException         if it cannot be read
     */
    public static AccessList read(Path file) throws IOException {
        byte[] bytes;
        try (var in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_FILE + 1);
        }
        int end = bytes.length - CRC_LENGTH;
        if (bytes.length > MAX_FILE
                || end < MAGIC.length
                || !Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new WrongBytesException(file + " is no access list");
        }
        if (ByteBuffer.wrap(bytes, end, CRC_LENGTH).getInt() != crc(bytes, end)) {
            throw new WrongBytesException(file + " was cut short or changed; delete it");
        }
        try {
            return decode(ByteBuffer.wrap(bytes, MAGIC.length, end - MAGIC.length));
        } catch (BufferUnderflowException | IllegalArgumentException | ArithmeticException e) {
            throw new WrongBytesException(file + " is no access list: " + e.getMessage(), e);
        }
    }

    /**
     * Writes a file, which appears under its name when it is whole.
     *
     * @param file the file, replaced if it exists
     * @throws IOException if it cannot be written
     */
    public void write(Path file) throws IOException {
        AtomicFiles.write(file, encode());
    }

    private byte[] encode() {
        var out = new ByteArrayOutputStream();
        out.writeBytes(MAGIC);
        number(out, ranges.size());
        long before = 0;
        for (Range range : ranges) {
            long first = range.offset() / BLOCK;
            long end = (range.end() - 1) / BLOCK + 1;
            long distance = first - before;
            number(out, (distance << 1) ^ (distance >> 63));
            number(out, end - first);
            before = end;
        }
        byte[] body = out.toByteArray();
        out.writeBytes(
                ByteBuffer.allocate(CRC_LENGTH).putInt(crc(body, body.length)).array());
        return out.toByteArray();
    }

    private static AccessList decode(ByteBuffer in) {
        long count = number(in);
        if (count < 0 || count > MAX_RANGES) {
            throw new IllegalArgumentException(count + " ranges are more than " + MAX_RANGES);
        }
        var ranges = new ArrayList<Range>((int) count);
        long before = 0;
        for (int i = 0; i < count; i++) {
            long coded = number(in);
            long first = Math.addExact(before, (coded >>> 1) ^ -(coded & 1));
            long length = number(in);
            ranges.add(new Range(Math.multiplyExact(first, (long) BLOCK), Math.multiplyExact(length, (long) BLOCK)));
            before = Math.addExact(first, length);
        }
        if (in.hasRemaining()) {
            throw new IllegalArgumentException(in.remaining() + " bytes are left over");
        }
        return new AccessList(ranges);
    }

    private static void number(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) (rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private static long number(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a number has more than 10 bytes");
    }

    private static int crc(byte[] bytes, int length) {
        var crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
