// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.blob.BlobKey;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PrefetchStatusTest {
    private static final long MIB = 1 << 20;
    private static final long SECOND = 1_000_000_000;

    private final BlobKey key = BlobKeys.of("domain", "image");
    private long now;
    private final PrefetchStatus status = new PrefetchStatus(() -> now);

    private void at(int seconds, long mib) {
        now = seconds * SECOND;
        status.progress(key, mib * MIB, 100 * MIB);
    }

    private void assertShown(String... lines) {
        assertEquals(List.of(lines), status.lines());
    }

    @Test
    void theRateIsThatOfTheLastSeconds() {
        assertShown();
        at(0, 10);
        assertShown("image: fetched ahead: 10485760 of 104857600 bytes");
        at(1, 12);
        assertShown("image: fetched ahead: 12582912 of 104857600 bytes, 2.0 MiB/s");
        at(2, 16);
        at(3, 16);
        assertShown("image: fetched ahead: 16777216 of 104857600 bytes, 2.0 MiB/s");
        at(4, 16);
        assertShown("image: fetched ahead: 16777216 of 104857600 bytes, 0.0 MiB/s");
        at(5, 19);
        assertShown("image: fetched ahead: 19922944 of 104857600 bytes, 1.0 MiB/s");
    }

    @Test
    void whatWasGivenUpSaysWhyUntilItIsClosed() {
        at(0, 10);
        status.failed(key, new IOException("no route"), false);
        assertShown("image: fetched ahead: 10485760 of 104857600 bytes");
        status.failed(key, new IOException("no route"), true);
        assertShown("image: fetched ahead: 10485760 of 104857600 bytes, given up: no route");
        status.closed(key);
        assertShown();
        at(1, 1);
        status.completed(key);
        assertShown();
    }
}
