// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlobServerTest {

    @TempDir
    Path temporary;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        var command = new BlobServer(options -> {
            throw new CachefilesException(options.device().toString(), Errno.EBUSY, "another process holds the device");
        });
        return command.execute(new PrintWriter(out, true), new PrintWriter(err, true), args);
    }

    private String[] goodArguments(String... more) throws IOException {
        Path blobs = Files.createDirectories(temporary.resolve("blobs"));
        String[] good = {"--cache-dir", temporary.resolve("cache").toString(), "--blobs", blobs.toString()};
        return java.util.stream.Stream.of(good, more)
                .flatMap(java.util.Arrays::stream)
                .toArray(String[]::new);
    }

    @Test
    void helpNamesOptionsAndExitStatus() {
        assertEquals(0, run("serve", "--help"));
        String help = out.toString();
        for (String part : new String[] {
            "--cache-dir=DIR",
            "--blobs=DIR",
            "--tag=T",
            "--threads=N",
            "--device=PATH",
            "--stats=TIME",
            "'ready'",
            "Exit status:"
        }) {
            assertTrue(help.contains(part), part + " in " + help);
        }
        assertTrue(help.lines().allMatch(line -> line.length() <= 80), help);
        assertEquals("", err.toString());
    }

    @Test
    void tellsItsVersion() {
        assertEquals(0, run("--version"));
        assertTrue(out.toString().startsWith("blob-server "), out.toString());
        String version = out.toString();
        assertEquals(0, run("serve", "--version"));
        assertEquals(version + version, out.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--threads 0",
                "--threads 1025",
                "--threads many",
                "--stats -1",
                "--stats NaN",
                "--tag=",
                "--no-such-option",
                "stray"
            })
    void wrongUsageIsTwo(String more) throws IOException {
        assertEquals(2, run(goodArguments(more.split(" "))));
        assertTrue(err.toString().startsWith("blob-server: "), err.toString());
        assertTrue(err.toString().endsWith("Try 'blob-server serve --help'.\n"), err.toString());
        assertFalse(Files.exists(temporary.resolve("cache")), "nothing is done");
    }

    @Test
    void optionsMayBeRepeatedThatSaySo() throws IOException {
        String[] more = {"--pin", "a", "--pin", "b/c", "--set", "nonsense=1", "--set", "path=/elsewhere"};
        assertEquals(2, run(goodArguments(more)));
        assertTrue(err.toString().contains("nonsense"), err.toString());
    }

    @Test
    void optionsThatAreMissingAreNamed() {
        assertEquals(2, run());
        assertTrue(err.toString().contains("'--blobs=DIR'"), err.toString());
        assertTrue(err.toString().contains("'--cache-dir=DIR'"), err.toString());
    }

    @Test
    void aDeviceThatIsTakenIsOneLineAndOne() throws IOException {
        assertEquals(1, run(goodArguments("--device", "/dev/other")));
        assertEquals("blob-server: /dev/other: EBUSY (16): another process holds the device\n", err.toString());
        assertEquals("", out.toString(), "not ready");
    }

    @Test
    void stackTracesAreShownOnRequest() throws IOException {
        assertEquals(1, run(goodArguments("--verbose")));
        assertTrue(err.toString().contains("\tat dev.cachefiles"), err.toString());
    }

    @Test
    void directoriesAreCheckedBeforeTheDevice() {
        assertEquals(1, run("--cache-dir", temporary.resolve("c").toString(), "--blobs", "/no/such/directory"));
        assertEquals("blob-server: --blobs /no/such/directory: does not exist\n", err.toString());
    }
}
