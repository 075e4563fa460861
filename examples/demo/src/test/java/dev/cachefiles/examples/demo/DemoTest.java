// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {

    @TempDir
    Path temporary;

    private Path source;
    private Path image;
    private String output = "";

    @BeforeEach
    void makeFiles() throws IOException {
        source = TestImage.makeSource(temporary);
        image = Files.createDirectory(temporary.resolve("blobs")).resolve("image.erofs");
    }

    private int run(String... args) {
        var captured = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
        try {
            return Demo.commandLine(new Demo()).execute(args);
        } finally {
            System.setOut(before);
            output = captured.toString(StandardCharsets.UTF_8);
        }
    }

    private void assertSaid(String pattern) {
        assertTrue(Pattern.compile(pattern, Pattern.MULTILINE).matcher(output).find(), output);
    }

    @Test
    void verifiesEveryFileOfAnImageAgainstItsSource() throws Exception {
        TestImage.make(image, source);
        assertEquals(0, run("--source=" + source, image.toString()));
        assertSaid("^  image     image.erofs, .* MiB, 313 files$");
        assertSaid("^  kernel    embedded fake$");
        assertSaid("^  mounted   1 OPEN, 1 READ, 16.0 KiB fetched$");
        assertSaid("^  cold +313 ");
        assertSaid("^  warm +313 +\\S+ MiB +0 +0 B ");
        assertSaid("^verified 313 files$");
    }

    @Test
    void verifiesAnImageWithoutASource() throws Exception {
        TestImage.make(image, source);
        assertEquals(0, run(image.toString()));
        assertSaid("^verified 313 files$");
    }

    @Test
    void servesExtraDevices() throws Exception {
        Path device = image.resolveSibling("device.blob");
        TestImage.make(image, source, "--chunksize=4096", "--blobdev=" + device);
        assertEquals(0, run("--source=" + source, image.toString(), device.toString()));
        assertSaid("^  image     image.erofs \\+ device.blob, ");
        assertSaid("^  mounted   2 OPENs, ");
        assertSaid("^verified 313 files$");
    }

    @Test
    void comparesACompressedImageAsAWhole() throws Exception {
        TestImage.make(image, source, "-zlz4");
        assertEquals(0, run("--source=" + source, image.toString()));
        assertSaid("compressed: compared as a whole, not file by file");
        assertSaid("^verified 1 file$");
    }

    @Test
    void failsWhenBytesDiffer() throws Exception {
        TestImage.make(image, source);
        Files.writeString(source.resolve("a/b/c/with blank"), "BLANK");
        assertEquals(1, run("--source=" + source, image.toString()));
        assertSaid("^  FAILED    a/b/c/with blank: has other bytes$");
        assertFalse(output.contains("verified"), output);
    }

    @Test
    void failsWhenTheServerCannotServe() throws Exception {
        TestImage.make(image, source);
        Path missing = image.resolveSibling("missing.blob");
        assertEquals(1, run(image.toString(), missing.toString()));
        assertEquals(1, run(source.resolve("size-8192").toString()), "no image");
    }

    @Test
    void failsWhenTheImageItselfIsIncomplete() throws Exception {
        Path device = image.resolveSibling("device.blob");
        TestImage.make(image, source, "--chunksize=4096", "--blobdev=" + device);
        Files.write(device, new byte[4096]);
        assertEquals(1, run(image.toString(), device.toString()));
        assertFalse(output.contains("verified"), output);
    }

    @Test
    void writesNoControlCharactersUnlessToATerminal() throws Exception {
        TestImage.make(image, source);
        run(image.toString());
        assertTrue(output.chars().allMatch(c -> c == '\n' || (c >= 0x20 && c < 0x7f)), output);
        run("--terminal", "--colour", "--unicode", image.toString());
        assertSaid("\u001b\\[32m━+\u001b\\[0m");
        run("--terminal", image.toString());
        assertFalse(output.replace("\u001b[K", "").contains("\u001b"), output);
    }

    @Test
    void aTerminalLineFitsIntoEightyColumns() throws Exception {
        TestImage.make(image, source);
        run("--terminal", image.toString());
        for (String line : output.split("[\r\n]+", -1)) {
            assertTrue(line.replace("\u001b[K", "").length() < 80, line);
        }
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "blob-server is stood in for by a shell script")
    void fallsBackToTheEmbeddedKernelAndSaysWhy() throws Exception {
        TestImage.make(image, source);
        Path launcher = Files.writeString(
                temporary.resolve("blob-server"),
                "#!/bin/sh\necho 'blob-server: /dev/cachefiles: EBUSY (16): another process holds the device' >&2\nexit 1\n");
        assertTrue(launcher.toFile().setExecutable(true));
        Path caches = temporary.resolve("caches");
        var args = new ArrayList<>(List.of("--blob-server=" + launcher, "--cache-base=" + caches, image.toString()));

        args.addFirst("--mode=auto");
        assertEquals(0, run(args.toArray(String[]::new)));
        assertSaid("^  kernel    embedded fake, since blob-server: /dev/cachefiles: EBUSY \\(16\\)");
        assertSaid("^verified 313 files$");

        args.set(0, "--mode=real");
        assertEquals(1, run(args.toArray(String[]::new)));
        assertSaid("^  FAILED    blob-server: /dev/cachefiles: EBUSY \\(16\\): another process holds the device$");

        try (var left = Files.list(caches)) {
            assertEquals(0, left.count(), "cache directories are removed");
        }
    }

    @Test
    void tellsSizes() {
        assertEquals("      0 B", Display.size(0));
        assertEquals("   1023 B", Display.size(1023));
        assertEquals("  1.0 KiB", Display.size(1024));
        assertEquals(" 18.8 MiB", Display.size(19_713_229));
        assertEquals("  5.0 TiB", Display.size(5L << 40));
    }

    @Test
    void wrongUsageIsTwo() {
        assertEquals(2, run());
        assertEquals(2, run("--mode=other", "x"));
    }
}
