// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.examples.demo.erofs.ErofsException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ErofsTreeTest {

    @TempDir
    Path temporary;

    private Path source;
    private Path image;

    @BeforeEach
    void makeFiles() throws IOException {
        source = TestImage.makeSource(temporary);
        image = temporary.resolve("image.erofs");
    }

    private static Manifest manifest(FileTree tree) throws IOException, InterruptedException {
        return Manifest.of(tree, tree.list(), 3, bytes -> {});
    }

    private void assertSameAsSource(Path... files) throws IOException, InterruptedException {
        var blobs = new ArrayList<Blob>();
        for (Path file : files) {
            blobs.add(Blob.of(file));
        }
        Manifest expected = manifest(new DirectoryTree(source));
        assertTrue(expected.files() > 300);
        try (var direct = new FileBlobs(blobs)) {
            Manifest actual = manifest(new ErofsTree(direct));
            assertEquals(List.of(), expected.differences(actual));
            assertEquals(expected.files(), actual.files());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-T0", // small files inline, behind their inodes
                "-Eforce-inode-compact",
                "-Eforce-inode-extended",
                "-x-1", // no extended attributes
                "--chunksize=4096 -Eforce-inode-blockmap",
                "--chunksize=4096 -Eforce-chunk-indexes",
                "--chunksize=65536",
            })
    void readsWhatMkfsWrites(String options) throws Exception {
        assertSameAsSource(TestImage.make(image, source, options.split(" ")));
    }

    @Test
    void readsDataFromAnExtraDevice() throws Exception {
        Path device = temporary.resolve("device.blob");
        TestImage.make(image, source, "--chunksize=4096", "--blobdev=" + device);
        assertTrue(Files.size(device) > 1_000_000, "the data is there");
        assertSameAsSource(image, device);
    }

    @Test
    void saysThatADeviceIsMissing() throws Exception {
        TestImage.make(image, source, "--chunksize=4096", "--blobdev=" + temporary.resolve("device.blob"));
        var failure = assertThrows(ErofsException.class, () -> assertSameAsSource(image));
        assertTrue(String.valueOf(failure.getMessage()).startsWith("the image has 1 extra device(s)"));
    }

    @Test
    void saysThatAnImageIsCompressed() throws Exception {
        TestImage.make(image, source, "-zlz4");
        assertThrows(ErofsException.Compressed.class, () -> assertSameAsSource(image));
    }

    @Test
    void saysThatAFileIsNoImage() throws IOException {
        Files.write(image, new byte[10_000]);
        var failure = assertThrows(ErofsException.class, () -> assertSameAsSource(image));
        assertEquals("not an EROFS image: the magic number is missing", failure.getMessage());
        Files.write(image, new byte[100]);
        assertThrows(IOException.class, () -> assertSameAsSource(image));
    }

    @Test
    void damageEndsInAnExceptionOrADifference() throws Exception {
        TestImage.make(image, source, "--chunksize=4096");
        byte[] good = Files.readAllBytes(image);
        var random = new Random(11);
        for (int round = 0; round < 60; round++) {
            byte[] bad = good.clone();
            for (int i = 0; i < 20; i++) {
                bad[1024 + random.nextInt(40_000)] = (byte) random.nextInt(256);
            }
            Files.write(image, bad);
            try (var direct = new FileBlobs(List.of(Blob.of(image)))) {
                FileTree tree = new ErofsTree(direct);
                for (FileTree.Item item : tree.list()) {
                    if (item.size() < 10_000_000) { // a size can be anything now; holes are long to read
                        tree.read(item, bytes -> {});
                    }
                }
            } catch (IOException e) {
                assertTrue(e.getMessage() != null, "says what is wrong");
            }
        }
    }

    @Test
    void tellsOtherBytesApart() throws Exception {
        TestImage.make(image, source);
        try (var channel = FileChannel.open(source.resolve("size-70000"), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[1]), 69_999);
            channel.write(ByteBuffer.wrap(new byte[] {1}), 69_998);
        }
        Files.delete(source.resolve("size-1"));
        Files.writeString(source.resolve("new"), "new");
        Files.writeString(source.resolve("size-100"), "shorter");
        try (var direct = new FileBlobs(List.of(Blob.of(image)))) {
            assertEquals(
                    List.of(
                            "new: is missing",
                            "size-100: has 100 bytes, not 7",
                            "size-70000: has other bytes",
                            "size-1: should not be there"),
                    manifest(new DirectoryTree(source)).differences(manifest(new ErofsTree(direct))));
        }
    }
}
