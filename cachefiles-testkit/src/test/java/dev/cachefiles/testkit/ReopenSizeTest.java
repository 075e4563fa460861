// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheObject;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import java.io.IOException;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An object whose re-OPEN the handler has failed is served again only with the size that the kernel knows. */
class ReopenSizeTest extends DaemonTest {
    private static final int SIZE = 10_000;

    @ParameterizedTest
    @EnumSource
    void another_size_at_the_second_chance_fails_the_read(Mode mode) throws Exception {
        var opened = new Semaphore(0);
        var blob = new TestBlob(SIZE) {
            volatile long size = SIZE;

            @Override
            public long open(OpenRequest request) throws IOException {
                if (size < 0) {
                    size = -size;
                    throw new IOException("backend down");
                }
                return size;
            }

            @Override
            public void opened(CacheObject object) {
                object.fd().close();
                opened.release();
            }
        };
        Daemon daemon = start(blob, builder -> mode.set(builder, blob));
        FakeMount mount = kernel.mount("a");
        opened.acquire();
        kernel.awaitOpenFds(0);
        blob.size = -(SIZE + 1);
        assertEquals(
                Errno.EIO,
                assertThrows(CachefilesException.class, () -> mount.read(0, SIZE))
                        .errno());
        await(() -> daemon.readFailures.size() == 2);
        for (Throwable failure : daemon.readFailures) {
            assertTrue(
                    failure.getMessage().endsWith("has 10001 bytes, but the kernel knows it with 10000"),
                    failure::toString);
        }
        blob.size = SIZE;
        assertArrayEquals(blob.bytes, mount.read(0, SIZE));
    }
}
