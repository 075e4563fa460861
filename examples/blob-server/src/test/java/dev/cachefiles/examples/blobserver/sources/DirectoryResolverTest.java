// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.sources;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.examples.blobserver.support.Failures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryResolverTest {

    @TempDir
    Path temporary;

    private Path blobs;
    private Path outside;

    @BeforeEach
    void makeFiles() throws IOException {
        blobs = Files.createDirectory(temporary.resolve("blobs"));
        outside = Files.writeString(temporary.resolve("outside"), "secret");
        Files.writeString(blobs.resolve("layer.img"), "content");
        Files.createDirectory(blobs.resolve("directory"));
        Files.writeString(blobs.resolve("directory/nested"), "nested");
    }

    private BlobSource resolve(byte[] name) throws IOException {
        return new DirectoryResolver(blobs).resolve(new BlobKey("domain", ByteBuffer.wrap(name)));
    }

    private BlobSource resolve(String name) throws IOException {
        return resolve(name.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"layer.img", "with blank", "...", "-rf", "a=b", "ends.", "~", "\\"})
    void servesFilesByTheirNames(String name) throws IOException {
        Files.writeString(blobs.resolve(name), "content");
        try (BlobSource source = resolve(name)) {
            assertEquals(7, source.size());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "/",
                "../outside",
                "../blobs/layer.img",
                "./layer.img",
                "directory/nested",
                "directory/../layer.img",
                "/etc/passwd",
                "layer.img/",
                "layer.img\0",
                "\0",
                "layer.img\0.txt",
                "line\nfeed",
                "bell\u0007",
                "directory",
            })
    void refusesHostileNames(String name) {
        assertThrows(AccessDeniedException.class, () -> resolve(name));
    }

    @Test
    void refusesBytesThatAreNoText() {
        var refusal =
                assertThrows(AccessDeniedException.class, () -> resolve(new byte[] {'a', (byte) 0xff, (byte) 0xfe}));
        assertEquals("a\\xff\\xfe: is not a plain file name", Failures.describe(refusal));
    }

    @Test
    void refusesNamesThatAreTooLong() {
        assertThrows(FileSystemException.class, () -> resolve("x".repeat(256)));
    }

    @Test
    void saysWhichBlobIsMissingAndWhere() {
        var refusal = assertThrows(NoSuchFileException.class, () -> resolve("absent"));
        assertEquals("absent: no such file in " + blobs, Failures.describe(refusal));
    }

    @Test
    void printsNamesWithoutControlOverTheTerminal() {
        var refusal = assertThrows(AccessDeniedException.class, () -> resolve("\u001b[2J"));
        assertEquals("\\x1b[2J: is not a plain file name", Failures.describe(refusal));
    }

    @Test
    void followsLinksThatStayInside() throws IOException {
        Files.createSymbolicLink(blobs.resolve("alias"), Path.of("layer.img"));
        Files.createSymbolicLink(blobs.resolve("deep"), Path.of("directory/nested"));
        try (BlobSource alias = resolve("alias");
                BlobSource deep = resolve("deep")) {
            assertEquals(7, alias.size());
            assertEquals(6, deep.size());
        }
    }

    @Test
    void refusesLinksThatLeadOut() throws IOException {
        Files.createSymbolicLink(blobs.resolve("relative"), Path.of("../outside"));
        Files.createSymbolicLink(blobs.resolve("absolute"), outside);
        Files.createSymbolicLink(blobs.resolve("up"), Path.of(".."));
        Files.createSymbolicLink(blobs.resolve("step"), Path.of("relative"));
        for (String name : new String[] {"relative", "absolute", "up", "step"}) {
            var refusal = assertThrows(AccessDeniedException.class, () -> resolve(name), name);
            assertEquals(name + ": leads out of " + blobs, Failures.describe(refusal));
        }
    }

    @Test
    void aDirectoryWithTheSamePrefixIsOutside() throws IOException {
        Path sibling = Files.createDirectory(temporary.resolve("blobs-of-others"));
        Files.writeString(sibling.resolve("file"), "secret");
        Files.createSymbolicLink(blobs.resolve("link"), sibling.resolve("file"));
        assertThrows(AccessDeniedException.class, () -> resolve("link"));
    }

    @Test
    void refusesLinksThatLeadNowhere() throws IOException {
        Files.createSymbolicLink(blobs.resolve("dangling"), Path.of("absent"));
        Files.createSymbolicLink(blobs.resolve("loop"), Path.of("loop"));
        assertThrows(NoSuchFileException.class, () -> resolve("dangling"));
        assertThrows(FileSystemException.class, () -> resolve("loop"));
    }

    @Test
    void servesADirectoryThatIsALink() throws IOException {
        Path link = Files.createSymbolicLink(temporary.resolve("link"), blobs);
        try (BlobSource source = new DirectoryResolver(link)
                .resolve(new BlobKey("domain", ByteBuffer.wrap("layer.img".getBytes(StandardCharsets.UTF_8))))) {
            assertEquals(7, source.size());
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "no mkfifo")
    void refusesAFifoWithoutWaitingForItsWriter() throws Exception {
        Process mkfifo = new ProcessBuilder("mkfifo", blobs.resolve("fifo").toString())
                .inheritIO()
                .start();
        assertEquals(0, mkfifo.waitFor());
        var refusal = Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(30), () -> assertThrows(AccessDeniedException.class, () -> resolve("fifo")));
        assertTrue(Failures.describe(refusal).endsWith("is not a regular file"));
    }

    @Test
    void needsADirectoryThatExists() {
        assertThrows(NoSuchFileException.class, () -> new DirectoryResolver(temporary.resolve("absent")));
    }
}
