// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
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
        var blob = new Blockade(4096, OpenRequest.class, true);
        // @start region=time
        FakeKernel kernel = FakeKernel.builder().virtualTime().build();
        CacheOptions options =
                CacheOptions.builder(Path.of("/var/cache/images")).build();
        CachefilesChannel channel = CachefilesChannel.open(options, kernel);
        try (var server = OnDemandServer.builder(channel).handler(blob).start()) {
            var mounting = kernel.mountAsync("image.img");
            blob.awaitHeld(1); // the handler is at work, and will not return by itself
            kernel.awaitSleepers(1); // the server waits for its deadline
            kernel.advance(Duration.ofSeconds(15));
            assertThrows(ExecutionException.class, mounting::get);
            assertEquals(1, server.status().cancelled());
        }
        // @end
    }
}
