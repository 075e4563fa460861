// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.examples.blobserver.control.ControlClient;
import dev.cachefiles.examples.blobserver.support.NotMounted;
import dev.cachefiles.testkit.FakeKernel;
import dev.cachefiles.testkit.FakeMount;
import dev.cachefiles.testkit.KernelAssert;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** The daemon with a configuration file and its socket, on a fake kernel. */
class ConfiguredServingTest {

    @TempDir
    Path temporary;

    private final FakeKernel kernel = FakeKernel.create();
    private final BlobServer command = new BlobServer(options -> CachefilesChannel.open(options, kernel));
    private final byte[] content = new byte[3_000_100];
    private final CompletableFuture<Integer> exitStatus = new CompletableFuture<>();
    private ControlClient client;

    @BeforeEach
    void serve(TestInfo info) throws Exception {
        new Random(3).nextBytes(content);
        for (String name : new String[] {"a", "b"}) {
            Files.write(Files.createDirectory(temporary.resolve(name)).resolve(name + ".img"), content);
        }
        Files.writeString(temporary.resolve("b/a.img"), "not this one: the sources are asked in their order");
        configure("  a: {type: directory, path: a}");
        if (info.getTags().contains("prefetch")) {
            Files.writeString(
                    temporary.resolve("c.yaml"),
                    Files.readString(temporary.resolve("c.yaml")) + "prefetch: {lists: lists, what: whole}\n");
        }
        if (info.getTags().contains("exact")) {
            Files.writeString(
                    temporary.resolve("c.yaml"),
                    Files.readString(temporary.resolve("c.yaml"))
                            .replace("  watch: 0\n", "  watch: 0\n  largest-fill: 0\n"));
        }
        client = new ControlClient(temporary.resolve("run"));
        var ready = new CompletableFuture<Void>();
        var out = new PrintWriter(new StringWriter()) {
            @Override
            public void println(String line) {
                ready.complete(null);
            }
        };
        Thread.ofPlatform()
                .start(() -> exitStatus.complete(
                        command.execute(out, out, "serve", "--config=" + temporary.resolve("c.yaml"), "--tag=other")));
        CompletableFuture.anyOf(ready, exitStatus).get();
    }

    private void configure(String... sources) throws IOException {
        Files.writeString(
                temporary.resolve("c.yaml"),
                "cache:\n  directory: cache\n  tag: mine\nserver:\n  runtime: run\n  watch: 0\nsources:\n"
                        + String.join("\n", sources) + "\n");
    }

    @AfterEach
    void stopAndCheck() throws Exception {
        command.stop();
        assertEquals(0, exitStatus.get());
        KernelAssert.assertThat(kernel).isClean();
    }

    @Test
    void optionsGoBeforeTheFile() {
        assertTrue(kernel.commands().contains("tag other"), kernel.commands()::toString);
    }

    @Test
    @Tag("exact")
    void fetchesNothingMoreThanIsAskedForIfItIsToldSo() throws Exception {
        try (FakeMount a = kernel.mount("a.img")) {
            long free = kernel.disk().free();
            a.read(8192, 4096);
            assertEquals(4096, free - kernel.disk().free());
        }
    }

    @Test
    void aReloadAddsAndTakesSourcesWhileBlobsAreOpen() throws Exception {
        assertThrows(CachefilesException.class, () -> kernel.mount("b.img"));
        try (FakeMount a = kernel.mount("a.img")) {
            configure("  a: {type: directory, path: a}", "  b: {type: directory, path: b}");
            assertEquals(
                    List.of("reloaded: 2 sources, 1 of them new or changed, 0 taken out or replaced"),
                    client.lines("reload"));
            try (FakeMount b = kernel.mount("b.img")) {
                configure("  a2: {type: directory, path: a}");
                assertEquals(
                        List.of("reloaded: 1 source, 1 of them new or changed, 2 taken out or replaced"),
                        client.lines("reload"));
                assertArrayEquals(content, b.read(0, content.length), "what is open keeps its source");
                assertArrayEquals(content, a.read(0, content.length));
            }
            assertThrows(CachefilesException.class, () -> kernel.mount("b.img"));
        }
    }

    @Test
    void aConfigurationThatIsWrongChangesNothing() throws Exception {
        for (String wrong : new String[] {"  a: {type: directory, path: absent}", "  a: {type: no}", "  a: ["}) {
            configure("  b: {type: directory, path: b}", wrong);
            assertThrows(ControlClient.Refused.class, () -> client.lines("reload"));
            kernel.mount("a.img").close();
            assertThrows(CachefilesException.class, () -> kernel.mount("b.img"));
        }
    }

    @Test
    void saysWhatTakesARestart() throws Exception {
        Path file = temporary.resolve("c.yaml");
        Files.writeString(file, Files.readString(file).replace("watch: 0", "watch: 1s"));
        assertEquals(
                List.of(
                        "reloaded: 1 source, 0 of them new or changed, 0 taken out or replaced",
                        "the section 'server' has changed, which takes a restart"),
                client.lines("reload"));
    }

    @Test
    void aNameThatOneSourceDoesNotHaveIsLookedForInTheNext() throws Exception {
        configure("  a: {type: directory, path: a}", "  b: {type: directory, path: b}");
        client.lines("reload");
        try (FakeMount a = kernel.mount("a.img");
                FakeMount b = kernel.mount("b.img")) {
            assertArrayEquals(Arrays.copyOf(content, 4096), a.read(0, 4096), "of the first, not of the second");
            assertArrayEquals(content, b.read(0, content.length));
        }
    }

    @Test
    void aSourceThatFailsIsNotPassedOver() throws Exception {
        Files.createSymbolicLink(temporary.resolve("a/loop"), Path.of("loop"));
        Files.write(temporary.resolve("b/loop"), content);
        configure("  a: {type: directory, path: a}", "  b: {type: directory, path: b}");
        client.lines("reload");
        assertThrows(CachefilesException.class, () -> kernel.mount("loop"));
        List<String> why = client.lines("why", "loop", "loop");
        while (why.isEmpty()) { // the kernel is answered first
            why = client.lines("why", "loop", "loop");
        }
        assertTrue(why.getFirst().startsWith("loop: source a: "), String.join(" ", why));
        kernel.mount("a.img").close();
    }

    @Test
    void aMirrorTakesOverFromOneWhoseBytesAreWrong() throws Exception {
        String digest =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        String verify = "      verify: {digests: {a.img: 'sha256:" + digest + "'}}";
        configure(
                "  liar:",
                "    type: directory",
                "    path: a",
                "    asked: false",
                "    layers:",
                "      faults: {corrupt: 100}",
                verify,
                "  honest:",
                "    type: directory",
                "    path: a",
                "    asked: false",
                "    layers:",
                verify,
                "  both: {type: mirrors, of: [liar, honest]}");
        client.lines("reload");
        try (FakeMount a = kernel.mount("a.img")) {
            assertArrayEquals(content, a.read(0, content.length));
        }
        configure(
                "  liar:", "    type: directory", "    path: a", "    layers:", "      faults: {corrupt: 100}", verify);
        client.lines("reload");
        Files.copy(temporary.resolve("a/a.img"), temporary.resolve("a/other.img"));
        assertThrows(CachefilesException.class, () -> kernel.mount("other.img"), "no digest is stated for it");
    }

    @Test
    void aMirrorThatIsNotThereIsRefused() throws Exception {
        configure("  both: {type: mirrors, of: [a]}", "  a: {type: directory, path: a}");
        var refused = assertThrows(ControlClient.Refused.class, () -> client.lines("reload"));
        assertTrue(
                refused.getMessage().endsWith("c.yaml:8: of: there is no source 'a' above this one"),
                refused.getMessage());
    }

    @Test
    void aCheckFindsWhatTheDaemonWouldRefuse() throws Exception {
        String[] wrong = {
            "  both: {type: mirrors, of: [a]}",
            "  a: {type: directory, path: absent}",
            "  a: {type: directory, path: a, layers: {verify: }}",
            "  a: {type: http, url: 'http://user:password@localhost/'}",
            "  a: {type: http, url: 'http://example.org/', credentials-file: a/a.img}",
            "  a: {type: http, url: 'https://example.org/', ca: a/a.img}"
        };
        for (String source : wrong) {
            configure("  b: {type: directory, path: b}", source);
            var out = new StringWriter();
            int status = BlobServer.run(
                    new PrintWriter(out, true),
                    new PrintWriter(out, true),
                    "config",
                    "check",
                    temporary.resolve("c.yaml").toString());
            assertTrue(status != 0, source);
            assertTrue(out.toString().contains("c.yaml:9: "), out::toString);
        }
    }

    @Test
    void whatIsKeptOnDiskServesWhenTheSourceIsGone() throws Exception {
        String source = "  a: {type: directory, path: a, layers: {verify: {digests: {a.img: 'sha256:"
                + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content))
                + "'}}, keep: {directory: kept, size: 100MiB}}}";
        configure(source);
        client.lines("reload");
        try (FakeMount a = kernel.mount("a.img")) {
            assertArrayEquals(content, a.read(0, content.length));
        }
        try (var files = Files.walk(temporary.resolve("kept"))) {
            assertTrue(files.filter(Files::isRegularFile).count() >= 12, "chunks of 256 KiB of 3 MB");
        }
    }

    @Test
    @Tag("prefetch")
    void blobsAreFetchedAheadAndWhatIsReadIsRecorded() throws Exception {
        try (FakeMount a = kernel.mount("a.img")) {
            while (!client.lines("status").contains("a.img: 3000100 bytes, 3000100 cached")) {
                Thread.onSpinWait(); // the test's own timeout ends it
            }
            long reads = kernel.counters().reads();
            assertArrayEquals(content, a.read(0, content.length));
            assertEquals(reads, kernel.counters().reads(), "nothing was missing");
        }
        assertTrue(Files.isDirectory(temporary.resolve("lists")));
    }

    @Test
    void aPullFillsWhatIsMissing() throws Exception {
        try (FakeMount mount = kernel.mount("a.img")) {
            mount.read(1 << 20, 4096);
            List<String> told = client.lines("pull", "a.img");
            assertTrue(told.getLast().startsWith("a.img: 3000100 bytes, "), told::toString);
            Files.delete(temporary.resolve("a/a.img"));
            Files.writeString(temporary.resolve("a/a.img"), "gone");
            long reads = kernel.counters().reads();
            assertArrayEquals(content, mount.read(0, content.length));
            assertEquals(reads, kernel.counters().reads());
            assertTrue(
                    client.lines("status").contains("a.img: 3000100 bytes, 3000100 cached"),
                    client.lines("status")::toString);
        }
        while (client.lines("open", "a.img", "a.img").contains("yes")) {
            Thread.onSpinWait(); // the CLOSE comes after the end of the mount
        }
        var refused = assertThrows(NotMounted.class, () -> client.lines("pull", "a.img"));
        assertEquals("a.img: is not mounted, so that there is no cache file to fill", refused.getMessage());
    }
}
