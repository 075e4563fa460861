// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.sources;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSourceTest {
    private static final int SIZE = 3 * 4096 + 100;

    @TempDir
    Path temporary;

    private Path file(byte[] content) throws IOException {
        return Files.write(temporary.resolve("file"), content);
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    private static byte[] read(FileSource source, long offset, int length) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(length);
            source.read(offset, target);
            return target.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    @Test
    void readsAnyRange() throws IOException {
        byte[] content = random(SIZE);
        try (FileSource source = FileSource.open(file(content))) {
            assertEquals(SIZE, source.size());
            assertArrayEquals(content, read(source, 0, SIZE));
            assertArrayEquals(Arrays.copyOfRange(content, 4097, 4197), read(source, 4097, 100));
            assertArrayEquals(Arrays.copyOfRange(content, SIZE - 1, SIZE), read(source, SIZE - 1, 1));
        }
    }

    @Test
    void anInterruptFailsOneReadAndNoOther() throws IOException {
        byte[] content = random(SIZE);
        try (FileSource source = FileSource.open(file(content))) {
            Thread.currentThread().interrupt();
            assertThrows(ClosedByInterruptException.class, () -> read(source, 0, SIZE));
            assertTrue(Thread.interrupted());
            assertArrayEquals(content, read(source, 0, SIZE));
            assertTrue(source.view(4096, 8192).isPresent());
        }
    }

    @Test
    void afterAnInterruptAnotherFileOfTheSameNameIsRefused() throws IOException {
        try (FileSource source = FileSource.open(file(random(SIZE)))) {
            Path other = Files.write(temporary.resolve("other"), new byte[SIZE]);
            Files.move(other, temporary.resolve("file"), StandardCopyOption.REPLACE_EXISTING);
            Thread.currentThread().interrupt();
            assertThrows(ClosedByInterruptException.class, () -> read(source, 0, SIZE));
            assertTrue(Thread.interrupted());
            var thrown = assertThrows(IOException.class, () -> read(source, 0, SIZE));
            assertTrue(thrown.getMessage().contains("is another file"), thrown.getMessage());
        }
    }

    @Test
    void givesAViewOfWholePages() throws IOException {
        byte[] content = random(SIZE);
        try (FileSource source = FileSource.open(file(content))) {
            MemorySegment view = source.view(4096, 8192).orElseThrow();
            assertTrue(view.isNative());
            assertEquals(0, view.address() % 4096, "the kernel takes only aligned memory without a copy");
            assertArrayEquals(Arrays.copyOfRange(content, 4096, 12288), view.toArray(ValueLayout.JAVA_BYTE));
        }
    }

    @Test
    void givesNoViewOfPartsOfPages() throws IOException {
        try (FileSource source = FileSource.open(file(random(SIZE)))) {
            assertTrue(source.view(8192, SIZE - 8192).isEmpty(), "the end of the file");
            assertTrue(source.view(100, 4096).isEmpty(), "an odd start");
        }
    }

    @Test
    void servesAnEmptyFile() throws IOException {
        try (FileSource source = FileSource.open(file(new byte[0]))) {
            assertEquals(0, source.size());
            assertArrayEquals(new byte[0], read(source, 0, 0));
        }
    }

    @Test
    void servesFilesBeyondTwoGibibytes() throws IOException {
        long size = (5L << 30) + 4096;
        Path file = temporary.resolve("sparse");
        byte[] mark = random(4096);
        try (var channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(mark), size - 4096);
        }
        try (FileSource source = FileSource.open(file)) {
            assertEquals(size, source.size());
            assertArrayEquals(mark, source.view(size - 4096, 4096).orElseThrow().toArray(ValueLayout.JAVA_BYTE));
            assertArrayEquals(mark, read(source, size - 4096, 4096));
        }
    }

    @Test
    void failsOnceTheFileWasTruncated() throws IOException {
        Path file = file(random(SIZE));
        try (FileSource source = FileSource.open(file)) {
            try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(5000);
            }
            var failure = assertThrows(IOException.class, () -> source.view(0, 4096));
            assertEquals(
                    file + " had " + SIZE + " bytes when it was opened, and has 5000 now; put a changed file under a"
                            + " new name",
                    failure.getMessage());
            assertThrows(IOException.class, () -> read(source, 8192, 4096));
        }
    }

    @Test
    void failsOnceTheFileHasGrown() throws Exception {
        Path file = file(random(SIZE));
        try (FileSource source = FileSource.open(file)) {
            source.view(0, 4096);
            Files.write(file, new byte[] {1}, StandardOpenOption.APPEND);
            Thread.sleep(2); // the size is looked at once in a millisecond
            assertThrows(IOException.class, () -> source.view(0, 4096));
        }
    }

    @Test
    void keepsTheOldFileWhenAnotherTakesItsName() throws IOException {
        byte[] content = random(SIZE);
        Path file = file(content);
        try (FileSource source = FileSource.open(file)) {
            Files.move(Files.write(temporary.resolve("new"), new byte[10]), file, StandardCopyOption.REPLACE_EXISTING);
            assertArrayEquals(content, read(source, 0, SIZE));
        }
    }

    @Test
    void closesTheMappingWithItself() throws IOException {
        FileSource source = FileSource.open(file(random(SIZE)));
        MemorySegment view = source.view(0, 4096).orElseThrow();
        source.close();
        assertFalse(view.scope().isAlive());
        source.close();
    }

    @Test
    void doesNotFollowALink() throws IOException {
        Path link = Files.createSymbolicLink(temporary.resolve("link"), file(random(10)));
        assertThrows(IOException.class, () -> FileSource.open(link));
    }

    @Test
    void needsAFileThatExists() {
        assertThrows(NoSuchFileException.class, () -> FileSource.open(temporary.resolve("absent")));
    }
}
