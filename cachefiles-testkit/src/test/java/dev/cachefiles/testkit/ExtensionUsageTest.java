// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The extension, as a user's test has it. */
class ExtensionUsageTest {
    private static final CacheOptions OPTIONS =
            CacheOptions.builder(Path.of("/var/cache/images")).build();

    @Nested
    // @start region=usage
    @ExtendWith(FakeKernelExtension.class)
    class MyHandlerTest {
        private final OnDemandHandler handler = new TestBlob(10_000);

        @Test
        void a_blob_is_served(FakeKernel kernel) throws Exception {
            CachefilesChannel channel = CachefilesChannel.open(OPTIONS, kernel);
            OnDemandServer server =
                    OnDemandServer.builder(channel).handler(handler).start();
            try (server) {
                FakeMount mount = kernel.mount("image.img");
                assertEquals(4096, mount.read(0, 4096).length);
                mount.unmount();
            }
        }
    }
    // @end

    @Nested
    class MyTimeoutsTest {
        // @start region=settings
        @RegisterExtension
        final FakeKernelExtension kernels = FakeKernelExtension.of(() -> FakeKernel.builder()
                .profile(KernelProfile.LINUX_6_1)
                .virtualTime()
                .build());

        FakeKernel kernel;
        // @end

        @AutoClose
        OnDemandServer server;

        private FakeKernel before;

        @BeforeEach
        void start(FakeKernel kernel) throws Exception {
            before = kernel;
            server = OnDemandServer.builder(CachefilesChannel.open(OPTIONS, kernel))
                    .handler(new TestBlob(10_000))
                    .start();
        }

        @Test
        void fields_and_parameters_have_the_same_kernel(FakeKernel parameter) throws Exception {
            assertEquals(kernel, parameter);
            assertEquals(kernel, before);
            assertEquals(0, kernel.time().nanoTime());
            FakeMount mount = kernel.mount("image.img");
            assertArrayEquals(new TestBlob(10_000).range(0, 10), mount.read(0, 10));
            mount.unmount();
        }
    }
}
