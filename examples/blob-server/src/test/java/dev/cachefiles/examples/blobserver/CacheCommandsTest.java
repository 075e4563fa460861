// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CookieKey;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.VolumeKey;
import dev.cachefiles.testkit.FakeKernel;
import dev.cachefiles.testkit.FakeMount;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CacheCommandsTest {
    private static final int SIZE = 8192;
    private static final VolumeKey DOMAIN = VolumeKey.of("erofs,dom");

    private final FakeKernel kernel = FakeKernel.create();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void fill() throws IOException {
        CachefilesChannel channel =
                CachefilesChannel.open(CacheOptions.builder(Path.of("/cache")).build(), kernel);
        try (var _ = OnDemandServer.builder(channel).handler(new Zeros()).start()) {
            for (String name : new String[] {"a", "b"}) {
                try (FakeMount mount = kernel.mount("dom", name)) {
                    mount.read(0, SIZE);
                }
            }
            kernel.awaitAllAnswered();
        }
    }

    private static final class Zeros implements OnDemandHandler {
        @Override
        public long open(OpenRequest request) {
            return SIZE;
        }

        @Override
        public void read(ReadRequest request) throws IOException {
            request.fd().write(MemorySegment.ofArray(new byte[(int) request.length()]), request.offset());
        }
    }

    private int run(String... args) {
        var server = new BlobServer(options -> CachefilesChannel.open(options, kernel));
        return server.execute(new PrintWriter(out, true), new PrintWriter(err, true), args);
    }

    private boolean isStored(String name) {
        return kernel.disk().holds(DOMAIN, CookieKey.of(name));
    }

    @Test
    void cullsOneBlobOfADomain() {
        assertEquals(
                0, run("cache", "cull", "--cache-dir", "/cache", "--domain", "dom", "--name", "a"), err.toString());
        assertTrue(out.toString().contains("culled erofs,dom/a"), out.toString());
        assertFalse(isStored("a"));
        assertTrue(isStored("b"));
        assertEquals(1, run("cache", "cull", "--cache-dir", "/cache", "--domain", "dom", "--name", "a"));
        assertTrue(out.toString().contains("erofs,dom/a is not in the cache"), out.toString());
        assertFalse(kernel.isDeviceBusy());
    }

    @Test
    void cullsAllButWhatIsPinned() {
        assertEquals(0, run("cache", "cull", "--cache-dir", "/cache", "--all", "--pin", "dom/b"), err.toString());
        assertFalse(isStored("a"));
        assertTrue(isStored("b"));
    }

    @Test
    void cullsForABudget() {
        assertEquals(0, run("cache", "cull", "--cache-dir", "/cache", "--budget", "12KiB"), err.toString());
        assertFalse(isStored("a"));
        assertTrue(isStored("b"));
    }

    @Test
    void aDryRunCullsNothing() {
        assertEquals(0, run("cache", "cull", "--cache-dir", "/cache", "--domain", "dom", "--dry-run"), err.toString());
        assertEquals(0, run("cache", "cull", "--cache-dir", "/cache", "--all", "--dry-run"), err.toString());
        assertTrue(out.toString().contains("would cull erofs,dom/a"), out.toString());
        assertTrue(isStored("a") && isStored("b"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "--all --budget 1MiB",
                "--name a --all",
                "--domain dom --pin a",
                "--budget 12parsecs",
                "--domain dom --name "
            })
    void wrongUsageIsRefused(String options) {
        String[] args = ("cache cull --cache-dir /cache " + options).strip().split(" ", -1);
        assertEquals(2, run(args), out + "" + err);
        assertTrue(isStored("a") && isStored("b"));
    }
}
