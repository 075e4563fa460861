// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import dev.cachefiles.AsyncOnDemandHandler;
import dev.cachefiles.CacheObject;
import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OnDemandListener;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.examples.blobserver.sources.DirectoryResolver;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * The library's server in the mode that is asked for, over the files of a directory. Arguments:
 * {@code direct|virtual|async exact|window CACHE_DIR BLOB_DIR}; with {@code exact}, nothing is fetched but what the
 * kernel asks for; with {@code window}, what the library fetches by default.
 */
final class ModeServer {
    private static final long STATS_MILLIS = 200;

    private ModeServer() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        BlobResolver directory = new DirectoryResolver(Path.of(args[3]));
        BlobResolver resolver = switch (args[1]) {
            case "exact" -> key -> new ExactSource(directory.resolve(key));
            case "window" -> directory;
            default -> throw new IllegalArgumentException("what is " + args[1] + "?");
        };
        try (var handler = new BlobHandler(resolver)) {
            CachefilesChannel channel = CachefilesChannel.open(
                    CacheOptions.builder(Path.of(args[2])).build());
            var stats = new Counts();
            OnDemandServer.Builder builder = OnDemandServer.builder(channel).listener(stats);
            switch (args[0]) {
                case "direct" -> builder.handler(handler);
                case "virtual" -> builder.handler(handler).virtualThreads();
                case "async" -> builder.asyncHandler(new AtOnce(handler));
                default -> throw new IllegalArgumentException("what is " + args[0] + "?");
            }
            try (OnDemandServer server = builder.start()) {
                Runtime.getRuntime().addShutdownHook(new Thread(server::close));
                Thread.ofPlatform().daemon().start(() -> report(stats));
                System.out.println("ready");
                server.awaitTermination();
            }
        }
    }

    private static void report(Counts stats) {
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(STATS_MILLIS);
                System.err.println("stats: reads=" + stats.reads.sum() + " bytes=" + stats.bytes.sum());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Counts implements OnDemandListener {
        private final LongAdder reads = new LongAdder();
        private final LongAdder bytes = new LongAdder();

        @Override
        public void read(ReadRequest request, Duration elapsed) {
            reads.increment();
            bytes.add(request.length());
        }
    }

    /** Each stage is complete when it is returned: what is measured is the engine. */
    private record AtOnce(BlobHandler handler) implements AsyncOnDemandHandler {
        private static final CompletionStage<?> DONE = CompletableFuture.completedStage(null);

        @Override
        public CompletionStage<Long> open(OpenRequest request) throws IOException {
            return CompletableFuture.completedStage(handler.open(request));
        }

        @Override
        public void opened(CacheObject object) throws IOException {
            handler.opened(object);
        }

        @Override
        public CompletionStage<?> read(ReadRequest request) throws IOException {
            handler.read(request);
            return DONE;
        }

        @Override
        public CompletionStage<?> close(CloseRequest request) throws IOException {
            handler.close(request);
            return DONE;
        }
    }
}
