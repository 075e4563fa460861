// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.blob.BlobHandler;
import dev.cachefiles.examples.blobserver.sources.DirectoryResolver;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.Shell;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A thousand images of one domain, mounted at the same time: what one that is open takes in the daemon. */
class ThousandMountsTest {
    private static final int IMAGES = 1000;
    private static final long MOST_BYTES_EACH = 8 << 10;

    /** Arguments: an empty directory, and what to do: mount all and read a file of each, or unmount all. */
    private static final String SCRIPT = """
            use strict;
            my ($directory, $count, $what) = @ARGV;
            my ($none, $erofs, $done) = ("none", "erofs", 0);
            for my $i (0 .. $count - 1) {
              my ($point, $options) = ("$directory/$i", "domain_id=d,fsid=image-$i");
              if ($what eq "mount") {
                mkdir $point or die "mkdir: $!";
                syscall(165, $none, $point, $erofs, 1, $options) == 0 or die "mount $options: $!";
                open(my $in, '<', "$point/file") or die "open: $!";
                $done++ if <$in> eq "here\\n";
              } else {
                $done++ if syscall(166, $point, 0) == 0;
              }
            }
            print "$done\\n";
            """;

    @TempDir
    private Path directory;

    @Test
    void take_little_memory_each() throws Exception {
        Path blobs = Files.createDirectory(directory.resolve("blobs"));
        Path mounts = Files.createDirectory(directory.resolve("mounts"));
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.writeString(tree.resolve("file"), "here\n");
        Path image = ErofsImage.make(blobs.resolve("image-0"), tree);
        for (int i = 1; i < IMAGES; i++) {
            Files.createLink(blobs.resolve("image-" + i), image);
        }
        OnDemandServer server;
        try (var handler = new BlobHandler(new DirectoryResolver(blobs))) {
            server = OnDemandServer.builder(CachefilesChannel.open(
                            CacheOptions.builder(CacheDirectory.create()).build()))
                    .handler(handler)
                    .start();
            try {
                long before = heapInUse();
                assertEquals(IMAGES + "\n", script(mounts, "mount"));
                long each = (heapInUse() - before) / IMAGES;
                System.out.println(IMAGES + " images are mounted; each takes " + each + " bytes of the heap");
                assertTrue(each < MOST_BYTES_EACH, each + " bytes each");
                assertEquals(IMAGES + "\n", script(mounts, "unmount"));
            } finally {
                server.close();
            }
        }
    }

    private static String script(Path mounts, String what) {
        return Shell.run("perl", "-e", SCRIPT, mounts.toString(), String.valueOf(IMAGES), what)
                .orThrow();
    }

    private static long heapInUse() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
