// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.OnDemandListener;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A handler that answers by itself and goes on with something else. */
class EarlyAnswerTest extends DaemonTest {

    @Test
    void a_read_has_taken_until_its_answer_whatever_the_handler_does_then() throws Exception {
        kernel = FakeKernel.builder().virtualTime().build();
        var elapsed = new CompletableFuture<Duration>();
        var blob = new TestBlob(10_000) {
            @Override
            public void read(ReadRequest request) throws IOException {
                kernel.advance(Duration.ofMillis(3));
                super.read(request);
                request.complete();
                kernel.advance(Duration.ofMillis(500));
            }
        };
        start(
                blob,
                builder -> builder.listener(new OnDemandListener() {
                    @Override
                    public void read(ReadRequest request, Duration took) {
                        elapsed.complete(took);
                    }
                }));
        assertArrayEquals(blob.range(0, 4096), kernel.mount("a").read(0, 4096));
        assertEquals(Duration.ofMillis(3), elapsed.get());
    }
}
