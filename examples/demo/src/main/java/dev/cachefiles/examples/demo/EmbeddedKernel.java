// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.examples.blobserver.daemon.ServerStats;
import dev.cachefiles.examples.blobserver.sources.DirectoryResolver;
import dev.cachefiles.testkit.FakeKernel;
import dev.cachefiles.testkit.FakeMount;
import dev.cachefiles.testkit.KernelCounters;
import dev.cachefiles.testkit.MountSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** The kernel of the test kit, in this process: needs no root, no device and no Linux. What is cached is in memory. */
final class EmbeddedKernel implements Kernel {
    private final List<Blob> blobs;
    private final boolean compressed;
    private final FakeKernel kernel = FakeKernel.create();
    private final ServerStats stats = new ServerStats();
    private final LongAdder lookups = new LongAdder();
    private final BlobHandler handler;
    private final OnDemandServer server;
    private @Nullable FakeMount mount;

    /**
     * Starts to serve.
     *
     * @param directory  where the blobs are
     * @param compressed whether to show the blobs instead of the files in them
     */
    EmbeddedKernel(Path directory, List<Blob> blobs, boolean compressed) throws IOException {
        this.blobs = blobs;
        this.compressed = compressed;
        this.handler = new BlobHandler(new DirectoryResolver(directory));
        // The fake touches no file: the directory need not exist.
        CacheOptions options = CacheOptions.builder(Path.of("/var/cache/demo")).build();
        this.server = OnDemandServer.builder(CachefilesChannel.open(options, kernel))
                .handler(handler)
                .listener(stats)
                .start();
    }

    @Override
    public FileTree mount() throws IOException {
        MountSpec spec = MountSpec.of(blobs.getFirst().name());
        for (Blob device : blobs.subList(1, blobs.size())) {
            spec = spec.device(device.name());
        }
        FakeMount mounted = kernel.mount(spec);
        mount = mounted;
        var pages = new PageCache(mounted, blobs, lookups);
        return compressed ? new BlobTree(pages, blobs) : new ErofsTree(pages);
    }

    @Override
    public void unmount() throws IOException {
        if (mount != null) {
            mount.close();
            mount = null;
        }
    }

    @Override
    public Counts counts() {
        KernelCounters counters = kernel.counters();
        long failures = stats.snapshot().failures();
        return new Counts(counters.opens(), counters.reads(), counters.bytesWritten(), failures, lookups.sum());
    }

    @Override
    public void settle() {
        // The kernel's own counts are never late.
    }

    @Override
    public void close() throws IOException {
        unmount();
        server.close();
        handler.close();
    }
}
