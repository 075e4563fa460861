// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What a source sees of the request that it works for. */
class BlobDeadlineTest extends DaemonTest {
    private volatile Duration ofOpen = Duration.ZERO;
    private volatile Duration ofRead = Duration.ZERO;

    @Test
    void aSourceSeesTheDeadlineOfTheRequest() throws Exception {
        kernel = FakeKernel.builder().virtualTime().build();
        try (var handler = new BlobHandler(key -> {
            ofOpen = Duration.ofNanos(Deadline.current().nanosLeft());
            return new Source();
        })) {
            start(
                    handler,
                    builder -> builder.openDeadline(Duration.ofSeconds(3)).readDeadline(Duration.ofSeconds(7)));
            var mount = kernel.mount("image");
            mount.read(0, 4096);
            mount.unmount();
        }
        assertEquals(Duration.ofSeconds(3), ofOpen);
        assertEquals(Duration.ofSeconds(7), ofRead);
        assertSame(Deadline.NEVER, Deadline.current());
    }

    private final class Source implements BlobSource {
        @Override
        public long size() {
            return 4096;
        }

        @Override
        public void read(long offset, MemorySegment target) {
            ofRead = Duration.ofNanos(Deadline.current().nanosLeft());
            target.fill((byte) 1);
        }
    }
}
