// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;

/** Files, and images of them by mkfs.erofs. */
final class TestImage {

    private TestImage() {}

    /** Makes files of all kinds and of the sizes at which layouts change. */
    static Path makeSource(Path parent) throws IOException {
        Path source = Files.createDirectories(parent.resolve("source"));
        var random = new Random(5);
        for (int size : new int[] {0, 1, 100, 4095, 4096, 4097, 8192, 70_000, 131_072, 1_000_003}) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            Files.write(source.resolve("size-" + size), bytes);
        }
        Files.write(source.resolve("zeros"), new byte[200_000]);
        Path deep = Files.createDirectories(source.resolve("a/b/c"));
        Files.writeString(deep.resolve("with blank"), "blank");
        Files.createSymbolicLink(deep.resolve("link"), Path.of("../../../size-100"));
        Files.createSymbolicLink(deep.resolve("dangling"), Path.of("/no/such/file"));
        Files.createLink(deep.resolve("hard"), source.resolve("size-4097"));
        Path many = Files.createDirectory(source.resolve("many"));
        for (int i = 0; i < 300; i++) { // more than a block of directory entries
            Files.writeString(many.resolve("file-with-a-name-of-some-length-" + i), "content " + i);
        }
        return source;
    }

    /** Makes an image; skips the test where that cannot be done. */
    static Path make(Path image, Path source, String... options) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("mkfs.erofs", "--quiet"));
        command.addAll(List.of(options));
        command.addAll(List.of(image.toString(), source.toString()));
        Process process = null;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            Assumptions.abort("mkfs.erofs is not installed (package erofs-utils): " + e.getMessage());
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        return image;
    }
}
