// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static java.nio.file.StandardOpenOption.READ;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.AnonFd;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OpenRequest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** However the bytes of an object are handed over, readers get exactly them, and every write fits direct I/O. */
class WritingProperties {
    private static final int MOST = 300_000;

    /** The ways to hand bytes over. */
    enum Way {
        HEAP,
        ALIGNED,
        MISALIGNED,
        BUFFER,
        DIRECT_BUFFER,
        TRANSFER,
        FILL
    }

    /** A piece of an object. */
    private record Piece(int from, int to, Way way) {}

    @Provide
    Arbitrary<FakeKernel> kernels() {
        return Arbitraries.of(KernelProfile.values())
                .flatMap(profile -> Arbitraries.of(512, 4096)
                        .flatMap(sector -> Arbitraries.of(1024, 4096)
                                .flatMap(block -> Arbitraries.of(4096, 16384)
                                        .map(page -> FakeKernel.builder()
                                                .profile(profile)
                                                .sectorSize(sector)
                                                .blockSize(block)
                                                .pageSize(page)
                                                .build()))));
    }

    /** Sizes that end at, just before and just after blocks, and any others. */
    @Provide
    Arbitrary<Integer> sizes() {
        return Arbitraries.oneOf(
                Arbitraries.integers().between(0, MOST),
                Arbitraries.integers().between(0, 40).map(n -> n * 4096),
                Arbitraries.integers().between(1, 40).map(n -> n * 4096 - 1),
                Arbitraries.integers().between(0, 40).map(n -> n * 4096 + 1));
    }

    @Property(tries = 150)
    void piecesInAnyOrderGiveTheObject(
            @ForAll("kernels") FakeKernel kernel,
            @ForAll("sizes") int size,
            @ForAll @IntRange(min = 1, max = 40) int count,
            @ForAll @LongRange(min = 0, max = 1_000_000) long seed)
            throws Exception {
        var random = new Random(seed);
        byte[] blob = new TestBlob(size, seed).bytes;
        check(kernel, blob, pieces(size, count, random), random);
    }

    /** Cuts the object into pieces that touch or overlap, and shuffles them. */
    private static List<Piece> pieces(int size, int count, Random random) {
        var cuts = new ArrayList<Integer>(List.of(0, size));
        for (int i = 1; i < count; i++) {
            int cut = random.nextInt(size + 1);
            cuts.add(random.nextInt(3) == 0 ? cut / 4096 * 4096 : cut);
        }
        Collections.sort(cuts);
        var pieces = new ArrayList<Piece>();
        for (int i = 1; i < cuts.size(); i++) {
            int from = Math.max(0, cuts.get(i - 1) - (random.nextInt(4) == 0 ? random.nextInt(10_000) : 0));
            int to = Math.min(size, cuts.get(i) + (random.nextInt(4) == 0 ? random.nextInt(10_000) : 0));
            pieces.add(new Piece(from, to, Way.values()[random.nextInt(Way.values().length)]));
        }
        Collections.shuffle(pieces, random);
        return pieces;
    }

    private static void check(FakeKernel kernel, byte[] blob, List<Piece> pieces, Random random) throws Exception {
        CachefilesChannel channel = CachefilesChannel.open(Daemon.OPTIONS, kernel);
        Path file = Files.createTempFile("blob", ".bin");
        try (FileChannel source = FileChannel.open(Files.write(file, blob), READ)) {
            var mounting = kernel.mountAsync("a");
            var open = (OpenRequest) channel.take();
            open.accept(blob.length);
            FakeMount mount = mounting.get();
            for (Piece piece : pieces) {
                write(open.object().fd(), blob, source, piece, random);
            }
            int whole = (blob.length + 4095) / 4096 * 4096;
            assertArrayEquals(Arrays.copyOf(blob, whole), mount.read(0, whole));
            assertEquals(0, kernel.counters().reads(), "READs, although all was written");
            assertEquals(0, kernel.counters().misalignedWrites());
        } finally {
            Files.delete(file);
            channel.close();
        }
        KernelAssert.assertThat(kernel).isClean();
    }

    private static void write(AnonFd fd, byte[] blob, FileChannel source, Piece piece, Random random)
            throws IOException {
        int length = piece.to - piece.from;
        MemorySegment bytes = MemorySegment.ofArray(blob).asSlice(piece.from, length);
        switch (piece.way) {
            case HEAP -> fd.write(bytes, piece.from);
            case ALIGNED -> fd.write(copy(bytes, 0), piece.from);
            case MISALIGNED -> fd.write(copy(bytes, 1 + random.nextInt(4095)), piece.from);
            case BUFFER -> fd.write(ByteBuffer.wrap(blob, piece.from, length), piece.from);
            case DIRECT_BUFFER -> {
                ByteBuffer buffer = ByteBuffer.allocateDirect(length + 3).position(3);
                fd.write(buffer.put(blob, piece.from, length).position(3), piece.from);
            }
            case TRANSFER -> assertEquals(length, fd.transferFrom(source, piece.from, length, piece.from));
            case FILL ->
                fd.fill(
                        piece.from,
                        length,
                        (target, position) ->
                                target.copyFrom(MemorySegment.ofArray(blob).asSlice(position, target.byteSize())));
        }
    }

    private static MemorySegment copy(MemorySegment bytes, int misalignment) {
        MemorySegment memory = Arena.ofAuto()
                .allocate(bytes.byteSize() + misalignment + 1, 65536)
                .asSlice(misalignment, bytes.byteSize());
        return memory.copyFrom(bytes);
    }

    @Property(tries = 50)
    void aTransferStopsWhereTheFileEnds(
            @ForAll @IntRange(min = 0, max = 600_000) int fileSize,
            @ForAll @IntRange(min = 0, max = 10_000) int sourcePosition,
            @ForAll @IntRange(min = 0, max = 20_000) int position)
            throws Exception {
        FakeKernel kernel = FakeKernel.create();
        CachefilesChannel channel = CachefilesChannel.open(Daemon.OPTIONS, kernel);
        byte[] blob = new TestBlob(fileSize).bytes;
        Path file = Files.createTempFile("blob", ".bin");
        try (FileChannel source = FileChannel.open(Files.write(file, blob), READ)) {
            var mounting = kernel.mountAsync("a");
            var open = (OpenRequest) channel.take();
            open.accept(1 << 20);
            int there = Math.max(0, fileSize - sourcePosition);
            assertEquals(there, open.object().fd().transferFrom(source, sourcePosition, 700_000, position));
            int from = (position + 4095) / 4096 * 4096;
            int to = (position + there) / 4096 * 4096;
            if (from < to) {
                int inFile = sourcePosition + from - position;
                assertArrayEquals(
                        Arrays.copyOfRange(blob, inFile, inFile + to - from),
                        mounting.get().read(from, to - from));
            }
            mounting.get();
            assertEquals(0, kernel.counters().reads());
            assertEquals(0, kernel.counters().misalignedWrites());
        } finally {
            Files.delete(file);
            channel.close();
        }
        KernelAssert.assertThat(kernel).isClean();
    }
}
