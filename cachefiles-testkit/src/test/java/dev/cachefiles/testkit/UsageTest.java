// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.spi.TimeSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The example of the package's documentation. */
class UsageTest {

    @Test
    void theExampleOfTheDocumentationWorks() throws Exception {
        var blob = new TestBlob(10_000);
        OnDemandHandler handler = blob;
        byte[] expected = blob.range(0, 4096);

        // @start region=usage
        FakeKernel kernel = FakeKernel.create();
        CacheOptions options =
                CacheOptions.builder(Path.of("/var/cache/images")).build();
        CachefilesChannel channel = CachefilesChannel.open(options, kernel);
        OnDemandServer server = OnDemandServer.builder(channel).handler(handler).start();
        try (server) {
            FakeMount mount = kernel.mount("image.img");
            assertArrayEquals(expected, mount.read(0, 4096));
            mount.unmount();
        }
        KernelAssert.assertThat(kernel).isClean();
        // @end
    }

    @Test
    void theExampleOfAClockThatStandsStillWorks() throws Exception {
        FakeKernel kernel = FakeKernel.builder().virtualTime().build();
        TimeSource time = kernel.time();
        var waiting = CompletableFuture.runAsync(() -> time.parkNanos(this, TimeUnit.SECONDS.toNanos(30)));

        // @start region=time
        kernel.awaitSleepers(1);
        kernel.advance(Duration.ofSeconds(30));
        // @end
        waiting.get(10, TimeUnit.SECONDS);
    }
}
