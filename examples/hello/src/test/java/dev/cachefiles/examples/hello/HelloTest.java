// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.hello;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.CookieKey;
import dev.cachefiles.Errno;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.testkit.FakeKernel;
import dev.cachefiles.testkit.FakeMount;
import dev.cachefiles.testkit.KernelAssert;
import dev.cachefiles.testkit.MountSpec;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HelloTest {
    private static final int SIZE = 1_000_000;

    @TempDir
    Path temporary;

    private final FakeKernel kernel = FakeKernel.create();
    private final byte[] content = new byte[SIZE];
    private Path blobs;
    private OnDemandServer server;

    @BeforeEach
    void serve() throws IOException {
        new Random(1).nextBytes(content);
        blobs = Files.createDirectory(temporary.resolve("blobs"));
        Files.write(blobs.resolve("image.img"), content);
        Files.writeString(temporary.resolve("secret"), "secret");
        var options = CacheOptions.builder(Path.of("/var/cache/hello")).build();
        server = OnDemandServer.builder(CachefilesChannel.open(options, kernel))
                .handler(new Hello(blobs))
                .start();
    }

    @AfterEach
    void nothingIsLeftOpen() {
        server.close();
        KernelAssert.assertThat(kernel).isClean();
    }

    private static void assertRefused(FakeKernel kernel, MountSpec spec) {
        var failure = assertThrows(CachefilesException.class, () -> kernel.mount(spec));
        assertEquals(Errno.ENOBUFS, failure.errno());
    }

    @Test
    void servesWhatIsRead() throws IOException {
        try (FakeMount mount = kernel.mount("image.img")) {
            assertArrayEquals(Arrays.copyOf(content, 4096), mount.read(0, 4096));
            assertArrayEquals(content, mount.read(0, SIZE));
        }
    }

    @Test
    void servesAnEmptyFile() throws IOException {
        Files.createFile(blobs.resolve("empty"));
        try (FakeMount mount = kernel.mount("empty")) {
            assertEquals(0, mount.read(0, 0).length);
        }
    }

    @Test
    void followsLinksThatStayInTheDirectory() throws IOException {
        Files.createSymbolicLink(blobs.resolve("link"), Path.of("image.img"));
        try (FakeMount mount = kernel.mount("link")) {
            assertArrayEquals(content, mount.read(0, SIZE));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"absent", ".", "..", "../secret", "/etc/passwd", "directory", "directory/file", "link", "a\0b"})
    void refusesEverythingElse(String name) throws IOException {
        Files.createDirectory(blobs.resolve("directory"));
        Files.writeString(blobs.resolve("directory/file"), "nested");
        Files.createSymbolicLink(blobs.resolve("link"), Path.of("../secret"));
        assertRefused(kernel, MountSpec.of("image.img").domain("d").device(name));
        try (FakeMount mount = kernel.mount("image.img")) {
            assertArrayEquals(content, mount.read(0, SIZE), "it serves on");
        }
    }

    @Test
    void refusesNamesThatAreNoText() {
        MountSpec spec = MountSpec.of("image.img").domain("d");
        assertRefused(kernel, spec.device(CookieKey.of(new byte[] {(byte) 0xff, (byte) 0xfe})));
    }

    @Test
    void aTruncatedFileFailsTheReaderAndNothingElse() throws IOException {
        Files.write(blobs.resolve("other.img"), content);
        try (FakeMount mount = kernel.mount("image.img");
                FakeMount other = kernel.mount("other.img")) {
            try (var channel = FileChannel.open(blobs.resolve("image.img"), StandardOpenOption.WRITE)) {
                channel.truncate(5000);
            }
            var failure = assertThrows(CachefilesException.class, () -> mount.read(8192, 4096));
            assertEquals(Errno.EIO, failure.errno());
            assertArrayEquals(content, other.read(0, SIZE));
        }
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "looks into /proc")
    void closesFilesWhenTheyAreUnmounted() throws IOException {
        FakeMount mount = kernel.mount("image.img");
        assertTrue(isOpenHere("image.img"));
        mount.unmount();
        kernel.awaitOpenFds(0);
        assertFalse(isOpenHere("image.img"));
    }

    private boolean isOpenHere(String name) throws IOException {
        Path file = blobs.resolve(name).toRealPath();
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            return fds.anyMatch(fd -> {
                try {
                    return Files.readSymbolicLink(fd).equals(file);
                } catch (IOException e) {
                    return false; // the fd of the listing itself
                }
            });
        }
    }

    @Test
    void fitsOnAPage() throws IOException {
        Path source = Path.of("src/main/java/dev/cachefiles/examples/hello/Hello.java");
        assertTrue(Files.readAllLines(source).size() < 60, "the README promises a daemon in under 60 lines");
    }
}
