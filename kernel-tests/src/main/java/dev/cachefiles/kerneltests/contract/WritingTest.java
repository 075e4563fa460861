// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheObject;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.kerneltests.contract.RawDaemon.Fd;
import dev.cachefiles.kerneltests.contract.RawDaemon.Opened;
import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.protocol.Message;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What can be written through an anonymous fd, and what the sizes in answers to OPEN do. */
@Contract
class WritingTest {
    private static final int SIZE = 100_000;

    @Test
    @Row(16)
    void a_wrong_size_costs_at_most_the_cache_but_never_a_byte(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(SIZE);
        long right = image.length();
        for (long size : new long[] {0, 1, 4096, right - 1, right, right + 1, right + (1 << 20)}) {
            String name = "size" + size;
            mountAndRead(kernel, daemon, name, size, image);
            long before = daemon.reads();
            mountAndRead(kernel, daemon, name, size, image);
            // The file keeps the pages that the size covers, be it in part.
            boolean covers = size > right - Image.BLOCK;
            assertEquals(!covers, daemon.reads() > before, "READs at the second mount with size " + size);
        }
    }

    private static void mountAndRead(KernelUnderTest kernel, RawDaemon daemon, String name, long size, Image image)
            throws IOException {
        Mounting mounting = kernel.mount(name);
        Opened opened = daemon.accept(size);
        Mount mount = daemon.mounted(mounting, image);
        assertArrayEquals(image.content(), daemon.bytes(mount.readAll(image), image), name);
        mount.unmount();
        Message.Close close = daemon.next(Message.Close.class);
        assertEquals(opened.message().objectId(), close.objectId());
        daemon.closed(close);
    }

    @Test
    @Row(18)
    void another_size_at_the_next_mount_discards_what_is_cached(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(SIZE);
        mountAndRead(kernel, daemon, "a", image.length(), image);
        long first = daemon.reads();
        mountAndRead(kernel, daemon, "a", image.length() + 4096, image);
        assertTrue(daemon.reads() > first, "READs after the size has changed");
        long second = daemon.reads();
        mountAndRead(kernel, daemon, "a", image.length() + 4096, image);
        assertEquals(second, daemon.reads(), "READs with the size of before");
        assertEquals(1, kernel.storedFiles("a"));
    }

    @Test
    @Row(19)
    void right_after_the_answer_a_write_may_find_no_file_yet(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(SIZE);
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.nextOpen();
        MemorySegment all = RawDaemon.memory(image.length(), 0);
        all.copyFrom(MemorySegment.ofArray(image.bytes()));
        assertEquals("ENOBUFS", RawDaemon.symbol(opened.file().pwrite(all, 0)), "before the answer");
        assertEquals("ok", daemon.copen(opened.message(), image.length()));
        SdkDaemon.await(
                () -> {
                    long result = opened.file().pwrite(all, 0);
                    assertTrue(
                            result == image.length() || RawDaemon.symbol(result).equals("ENOBUFS"),
                            RawDaemon.symbol(result));
                    return result > 0;
                },
                "the file");
        Mount mount = daemon.mounted(mounting, image);
        assertArrayEquals(image.content(), daemon.bytes(mount.readAll(image), image));
        assertTrue(daemon.reads() <= 1, "the mount may have asked for the superblock, but nobody for more");
    }

    @Test
    @Row(19)
    void the_library_waits_for_the_file(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var handler = new ImageHandler(image) {
            @Override
            public void opened(CacheObject object) throws IOException {
                object.fd().write(MemorySegment.ofArray(image.bytes()), 0);
            }
        };
        SdkDaemon daemon = SdkDaemon.start(kernel, handler);
        assertArrayEquals(
                image.content(), kernel.mount("a").mounted().readAll(image).bytes());
        assertEquals(0, handler.reads().size());
        assertEquals(0, daemon.troubles().size());
    }

    @Test
    @Row(20)
    void misaligned_memory_or_length_is_refused(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Fd fd = missIn(kernel, daemon);
        MemorySegment memory = RawDaemon.memory(3 * 4096, 1);
        for (int shift : new int[] {1, 16, 513}) {
            assertEquals("EINVAL", RawDaemon.symbol(fd.pwrite(memory.asSlice(shift, 4096), 4096)), "shift " + shift);
        }
        for (int length : new int[] {1, 100, 511, 4095, 4097}) {
            assertEquals("EINVAL", RawDaemon.symbol(fd.pwrite(memory.asSlice(0, length), 4096)), "length " + length);
        }
        assertEquals("EINVAL", RawDaemon.symbol(fd.pwrite(memory, -4096)), "position");
        assertEquals(0, fd.pwrite(memory.asSlice(0, 0), 4096));
        assertEquals(4096, fd.pwrite(memory.asSlice(512, 4096), 4096));
    }

    @Test
    @Row({20, 21})
    void the_library_takes_any_memory_length_and_position(KernelUnderTest kernel) throws Exception {
        serveInOddPieces(kernel);
    }

    private static void serveInOddPieces(KernelUnderTest kernel) throws IOException {
        Image image = kernel.image(SIZE);
        SdkDaemon daemon = SdkDaemon.start(kernel, new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                long end = request.offset() + request.length();
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment odd = arena.allocate(1001, 4096).asSlice(1);
                    for (long at = request.offset(); at < end; at += 1000) {
                        int length = (int) Math.min(1000, end - at);
                        MemorySegment heap =
                                MemorySegment.ofArray(image.bytes()).asSlice(at, length);
                        MemorySegment piece = odd.asSlice(0, length).copyFrom(heap);
                        request.fd().write(at % 3 == 0 ? heap : piece, at);
                    }
                }
            }
        });
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        assertEquals(0, daemon.readFailures().size());
    }

    @Test
    @Row(20)
    void the_library_takes_whole_blocks_from_misaligned_memory(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        SdkDaemon daemon = SdkDaemon.start(kernel, new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                try (Arena arena = Arena.ofConfined()) {
                    MemorySegment odd =
                            arena.allocate(request.length() + 1, 4096).asSlice(1);
                    odd.copyFrom(MemorySegment.ofArray(image.bytes()).asSlice(request.offset(), request.length()));
                    request.fd().write(odd, request.offset());
                }
            }
        });
        Mount mount = kernel.mount("a").mounted();
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
        assertEquals(List.of(), daemon.readFailures());
    }

    /** The ways to write. */
    enum Way {
        WRITE,
        FILL,
        TRANSFER
    }

    @ParameterizedTest
    @EnumSource
    void the_block_with_the_end_is_padded(Way way, KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        long size = Image.BLOCK + SIZE; // without the zeros after the file's last byte
        Path file = Files.createTempFile("image", null);
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.DELETE_ON_CLOSE, StandardOpenOption.WRITE, StandardOpenOption.READ)) {
            channel.write(ByteBuffer.wrap(image.bytes(), 0, (int) size));
            SdkDaemon daemon = SdkDaemon.start(kernel, new ImageHandler(image) {
                @Override
                public long open(OpenRequest request) {
                    return size;
                }

                @Override
                protected void serve(ReadRequest request) throws IOException {
                    long at = request.offset();
                    long length = Math.min(request.length(), size - at);
                    MemorySegment bytes = MemorySegment.ofArray(image.bytes()).asSlice(at, length);
                    switch (way) {
                        case WRITE -> request.fd().write(bytes, at);
                        case FILL ->
                            request.fd()
                                    .fill(
                                            at,
                                            length,
                                            (target, from) -> target.copyFrom(MemorySegment.ofArray(image.bytes())
                                                    .asSlice(from, target.byteSize())));
                        case TRANSFER -> request.fd().transferFrom(channel, at, length, at);
                    }
                }
            });
            Mount mount = kernel.mount("a").mounted();
            assertArrayEquals(image.content(), mount.readAll(image).bytes());
            assertEquals(List.of(), daemon.readFailures());
        }
    }

    @Test
    @Row(21)
    void a_misaligned_position_is_refused_or_silently_moved(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Fd fd = missIn(kernel, daemon);
        MemorySegment block = RawDaemon.memory(4096, 1);
        for (long position : new long[] {8192 + 512, 8192 + 100}) {
            long result = fd.pwrite(block, position);
            if (kernel.isAtLeast(6, 12)) {
                assertEquals("ENOBUFS", RawDaemon.symbol(result), "position " + position);
                assertEquals("ENXIO", RawDaemon.symbol(fd.file().seekData(8192)));
            } else {
                assertEquals(4096, result, "position " + position);
                assertEquals(8192, fd.file().seekData(8192));
                assertEquals(12288, fd.file().seekHole(8192), "it went to the start of the page");
            }
        }
    }

    @Test
    @Row(22)
    @CacheDisk(sectorSize = 4096)
    void on_large_sectors_only_whole_ones_are_taken(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Fd fd = missIn(kernel, daemon);
        MemorySegment memory = RawDaemon.memory(2 * 4096, 1);
        for (int length : new int[] {512, 1024, 2048, 6144}) {
            assertEquals("EINVAL", RawDaemon.symbol(fd.pwrite(memory.asSlice(0, length), 4096)), "length " + length);
        }
        assertEquals(4096, fd.pwrite(memory.asSlice(0, 4096), 4096));
        assertEquals(8192, fd.pwrite(memory, 8192));
    }

    @Test
    @Row(22)
    @CacheDisk(sectorSize = 4096)
    void on_large_sectors_the_library_takes_any_piece(KernelUnderTest kernel) throws Exception {
        serveInOddPieces(kernel);
    }

    @Test
    @Row(23)
    void half_a_block_marks_all_of_it_as_cached(KernelUnderTest kernel) throws Exception {
        RawDaemon daemon = RawDaemon.bound(kernel);
        Image image = kernel.image(SIZE);
        Mount mount = daemon.mounted(kernel.mount("a"), image);
        Reading reading = mount.read(0, 4096);
        Message.Read read = daemon.next(Message.Read.class);
        assertEquals(512, daemon.file(read.objectId()).pwrite(RawDaemon.memory(512, 7), read.offset()));
        daemon.completeEmpty(read);
        byte[] seen = new byte[4096];
        Arrays.fill(seen, 0, 512, (byte) 7);
        assertArrayEquals(seen, reading.bytes(), "zeros where nothing was written, and no error");
    }

    @Test
    @Row(23)
    void through_the_library_half_a_block_is_never_seen(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        var broken = new AtomicBoolean(true);
        SdkDaemon daemon = SdkDaemon.start(kernel, new ImageHandler(image) {
            @Override
            protected void serve(ReadRequest request) throws IOException {
                put(request, request.offset(), isOfContent(request) && broken.get() ? 512 : request.length());
            }
        });
        Mount mount = kernel.mount("a").mounted();
        assertEquals(Errno.EIO, mount.read(0, 4096).error());
        SdkDaemon.await(() -> daemon.readFailures().size() == 2, "reports");
        broken.set(false);
        assertArrayEquals(image.content(), mount.readAll(image).bytes());
    }

    @Test
    @Row(24)
    @CacheDisk(blockSize = 1024)
    void on_small_blocks_a_read_of_a_part_of_a_page_is_widened(KernelUnderTest kernel) throws Exception {
        Image image = kernel.image(SIZE);
        // A quarter of a page, which the library would never write by itself.
        RawDaemon raw = RawDaemon.bound(kernel);
        Mount mount = raw.mounted(kernel.mount("a"), image);
        Reading reading = mount.read(8192, 4096);
        Message.Read first = raw.next(Message.Read.class);
        MemorySegment quarter = RawDaemon.memory(1024, 0);
        quarter.copyFrom(MemorySegment.ofArray(image.content(8192, 1024)));
        assertEquals(1024, raw.file(first.objectId()).pwrite(quarter, first.offset()));
        raw.completeEmpty(first);
        Message.Read rest = raw.next(Message.Read.class);
        assertNotEquals(0, rest.offset() % 4096, rest.toString());
        reading.kill();
        mount.unmount();
        raw.closed(raw.next(Message.Close.class));
        raw.close();

        var handler = new ImageHandler(image);
        SdkDaemon.start(kernel, handler);
        Mount again = kernel.mount("a").mounted();
        assertArrayEquals(image.content(8192, 4096), again.read(8192, 4096).bytes());
        assertEquals(1, handler.reads().size());
        assertEquals(8192 + Image.BLOCK, handler.reads().getFirst().offset());
        assertEquals(4096, handler.reads().getFirst().length());
        assertArrayEquals(image.content(), again.readAll(image).bytes());
    }

    /** Mounts, and waits for a READ, so that the file is there for certain. */
    private static Fd missIn(KernelUnderTest kernel, RawDaemon daemon) throws IOException {
        Mounting mounting = kernel.mount("a");
        Opened opened = daemon.accept(SIZE);
        daemon.next(Message.Read.class);
        assertTrue(mounting.isWaiting());
        return opened.file();
    }
}
