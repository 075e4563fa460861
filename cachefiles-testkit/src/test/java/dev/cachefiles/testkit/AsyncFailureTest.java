// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cachefiles.AsyncOnDemandHandler;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An asynchronous handler may fail in more ways than another. */
class AsyncFailureTest extends DaemonTest {
    private static final int SIZE = 10_000;

    /** The ways of a stage. */
    enum Way {
        THROWN,
        FAILED,
        WRAPPED,
        LATER;

        CompletableFuture<?> fail(Error error) {
            return switch (this) {
                case THROWN -> throw error;
                case FAILED -> CompletableFuture.failedFuture(error);
                case WRAPPED -> CompletableFuture.failedFuture(new CompletionException(error));
                case LATER ->
                    CompletableFuture.supplyAsync(() -> {
                        throw error;
                    });
            };
        }
    }

    /** Serves a blob, and fails as long as there is an error to fail with. */
    private static final class Handler implements AsyncOnDemandHandler {
        private final TestBlob blob = new TestBlob(SIZE);
        private final Way way;
        private volatile Error inOpen;
        private volatile Error inRead;

        Handler(Way way) {
            this.way = way;
        }

        @Override
        public CompletionStage<Long> open(OpenRequest request) {
            return inOpen == null
                    ? CompletableFuture.completedFuture((long) SIZE)
                    : way.fail(inOpen).thenApply(none -> (long) SIZE);
        }

        @Override
        public CompletionStage<?> read(ReadRequest request) throws IOException {
            if (inRead != null) {
                return way.fail(inRead);
            }
            blob.read(request);
            return CompletableFuture.completedFuture(request);
        }
    }

    @ParameterizedTest
    @EnumSource
    void an_error_in_open_fails_the_mount_and_the_next_one_works(Way way) throws Exception {
        var handler = new Handler(way);
        handler.inOpen = new StackOverflowError();
        Daemon daemon = start(handler.blob, builder -> builder.asyncHandler(handler));
        assertThrows(CachefilesException.class, () -> kernel.mount("a"));
        await(() -> !daemon.openFailures.isEmpty());
        assertSame(handler.inOpen, daemon.openFailures.getFirst());
        handler.inOpen = null;
        assertArrayEquals(handler.blob.bytes, kernel.mount("a").read(0, SIZE));
    }

    @ParameterizedTest
    @EnumSource
    void an_error_in_read_fails_it_and_the_next_one_works(Way way) throws Exception {
        var handler = new Handler(way);
        Daemon daemon = start(handler.blob, builder -> builder.asyncHandler(handler));
        FakeMount mount = kernel.mount("a");
        handler.inRead = new AssertionError("cannot be");
        assertEquals(
                Errno.EIO,
                assertThrows(CachefilesException.class, () -> mount.read(0, SIZE))
                        .errno());
        await(() -> daemon.readFailures.size() == 2);
        assertSame(handler.inRead, daemon.readFailures.getFirst());
        handler.inRead = null;
        assertArrayEquals(handler.blob.bytes, mount.read(0, SIZE));
    }
}
