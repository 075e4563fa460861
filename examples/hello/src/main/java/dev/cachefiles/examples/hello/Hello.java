// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.hello;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CloseRequest;
import dev.cachefiles.OnDemandHandler;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.OpenRequest;
import dev.cachefiles.ReadRequest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Serves the files in a directory as blobs: the kernel asks for them by name. */
public record Hello(Path blobs) implements OnDemandHandler {
    @Override
    public long open(OpenRequest request) throws IOException {
        // The name is untrusted: whatever "..", "/" or links it has, only what really lies in the directory is served.
        Path file = blobs.resolve(request.cookie().text().orElse("")).toRealPath();
        if (!blobs.toRealPath().equals(file.getParent()) || !Files.isRegularFile(file)) {
            throw new AccessDeniedException(request.cookie().toString());
        }
        FileChannel channel = FileChannel.open(file); // once, not for each READ
        request.object().attach(channel);
        return channel.size();
    }

    @Override
    public void read(ReadRequest request) throws IOException {
        if (request.object().attachment() instanceof FileChannel channel) {
            request.fd().transferFrom(channel, request.offset(), request.length(), request.offset());
        }
    }

    @Override
    public void close(CloseRequest request) throws IOException {
        if (request.object().isPresent() && request.object().get().attachment() instanceof FileChannel channel) {
            channel.close();
        }
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length != 2) {
            System.err.println("usage: hello CACHE_DIR BLOB_DIR");
            System.exit(2);
        }
        var handler = new Hello(Path.of(args[1]).toRealPath());
        var options = CacheOptions.builder(Path.of(args[0])).build();
        var channel = CachefilesChannel.open(options);
        try (var server = OnDemandServer.builder(channel).handler(handler).start()) {
            Runtime.getRuntime().addShutdownHook(new Thread(server::close)); // SIGTERM: answer what is in flight
            System.out.println("ready");
            server.awaitTermination();
        }
    }
}
