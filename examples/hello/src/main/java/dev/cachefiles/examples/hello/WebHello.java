// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.hello;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.blob.Amplification;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.layer.AccessLists;
import dev.cachefiles.blob.layer.BlobStats;
import dev.cachefiles.blob.layer.Failover;
import dev.cachefiles.blob.layer.IoPressure;
import dev.cachefiles.blob.layer.LocalTier;
import dev.cachefiles.blob.layer.Prefetcher;
import dev.cachefiles.blob.layer.Retry;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.List;

/** Serves the blobs of web servers that mirror each other, in layers. */
final class WebHello {
    private WebHello() {}

    // [stack]
    static BlobResolver blobs(List<URI> servers, LocalTier tier, AccessLists lists, BlobStats stats) {
        HttpClient client = HttpClient.newHttpClient();
        Failover.Builder mirrors = Failover.builder();
        for (URI server : servers) {
            BlobResolver web = key -> WebSource.open(client, server.resolve(fileName(key)));
            mirrors.mirror(server.toString(), tier.over(web));
        }
        BlobResolver all = Retry.defaults().over(mirrors.build());
        return stats.over(lists.over(all));
    }

    /** The key comes from an image: it must not lead to another place on the server. */
    private static String fileName(BlobKey key) throws IOException {
        String name = key.fileName().orElseThrow(() -> new AccessDeniedException(key.printableName()));
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }
    // [/stack]

    /** Arguments: the cache directory, a directory to keep things in, and the URLs of the mirrors, each with a slash. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path kept = Path.of(args[1]);
        List<URI> servers =
                List.of(args).subList(2, args.length).stream().map(URI::create).toList();
        var lists = new AccessLists(kept.resolve("access"));
        var stats = new BlobStats();
        try (LocalTier tier = LocalTier.open(kept.resolve("chunks"), 10L << 30, 1 << 20);
                Prefetcher prefetcher = Prefetcher.builder()
                        .lists(lists::find)
                        .pauseWhile(new IoPressure(20))
                        .build();
                var handler = new BlobHandler(blobs(servers, tier, lists, stats), Amplification.STANDARD, prefetcher);
                var server = OnDemandServer.builder(CachefilesChannel.open(
                                CacheOptions.builder(Path.of(args[0])).build()))
                        .handler(handler)
                        .virtualThreads()
                        .start()) {
            Runtime.getRuntime().addShutdownHook(new Thread(server::close));
            System.out.println("ready");
            server.awaitTermination();
        } finally {
            System.out.println(stats.snapshot());
        }
    }
}
