// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.FileHandler;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A hundred images of 1 MiB, mounted at the same time. */
class ManyMountsTest {
    private static final int EACH = 25;
    private static final int SIZE = 1 << 20;
    private static final int BLOCK = 4096;

    /**
     * Arguments: an empty directory, then options, each followed by a file that must read as the file of the image.
     * Mounts all, four at a time; reads all; unmounts all. One process for all of it: to start hundreds takes minutes.
     */
    private static final String SCRIPT = """
            use strict;
            my ($directory, @images) = @ARGV;
            my ($none, $erofs) = ("none", "erofs");
            sub slurp { my ($file) = @_; open(my $in, '<:raw', $file) or return "$!"; local $/; return <$in> }
            my @pids;
            for my $worker (0 .. 3) {
              my $pid = fork;
              if (!$pid) {
                for (my $i = $worker; 2 * $i < @images; $i += 4) {
                  mkdir "$directory/$i" or die "mkdir: $!";
                  my ($point, $options) = ("$directory/$i", $images[2 * $i]);
                  syscall(165, $none, $point, $erofs, 1, $options) == 0 or die "mount $options: $!";
                }
                exit 0;
              }
              push @pids, $pid;
            }
            my $failed = 0;
            for (@pids) { waitpid($_, 0); $failed ||= $? }
            my @points = glob "$directory/*";
            my $same = 0;
            for (my $i = 0; !$failed && 2 * $i < @images; $i++) {
              $same++ if slurp("$directory/$i/file") eq slurp($images[2 * $i + 1]);
            }
            syscall(166, $_, 0) for @points;
            print scalar(@points), " mounted, $same as they should be\\n";
            """;

    @TempDir
    private static Path directory;

    @Test
    void are_all_served_alone_in_a_domain_and_with_a_shared_device() throws Exception {
        Path blobs = Files.createDirectory(directory.resolve("blobs"));
        List<String> command = new ArrayList<>(List.of(
                "perl",
                "-e",
                SCRIPT,
                Files.createDirectory(directory.resolve("mounts")).toString()));
        Path file = SourceTree.write(
                Files.createDirectory(directory.resolve("tree")).resolve("file"), new Random(7), SIZE);
        Path flat = ErofsImage.make(directory.resolve("flat"), file.getParent(), "-Enoinline_data");
        Path chunked = ErofsImage.make(
                blobs.resolve("chunked"), file.getParent(), "--chunksize=4096", "--blobdev=" + blobs.resolve("chunks"));
        for (int i = 0; i < EACH; i++) {
            Path other = withOtherBytes(flat, blobs.resolve("alone-" + i), i);
            Files.createLink(blobs.resolve("domain-" + i), blobs.resolve("alone-" + i));
            Files.createLink(blobs.resolve("device-" + i), chunked);
            Files.createLink(blobs.resolve("shared-" + i), chunked);
            command.addAll(List.of("fsid=alone-" + i, other.toString()));
            command.addAll(List.of("domain_id=d,fsid=domain-" + i, other.toString()));
            command.addAll(List.of("fsid=device-" + i + ",device=chunks", file.toString()));
            command.addAll(List.of("domain_id=s,fsid=shared-" + i + ",device=chunks", file.toString()));
        }

        var handler = new FileHandler(blobs);
        OnDemandServer server = OnDemandServer.builder(CachefilesChannel.open(
                        CacheOptions.builder(CacheDirectory.create()).build()))
                .handler(handler)
                .threads(4)
                .start();
        try {
            assertEquals(
                    4 * EACH + " mounted, " + 4 * EACH + " as they should be\n",
                    Shell.run(command.toArray(String[]::new)).orThrow());
            // Alone, each mount opens the device for itself; in the domain, one does for all.
            assertEquals(EACH + 1, handler.opens("chunks"));
        } finally {
            server.close();
        }
    }

    /** Makes an image with other bytes in its file, which begins behind the first block; gives such a file. */
    private static Path withOtherBytes(Path image, Path other, int seed) throws Exception {
        byte[] bytes = Files.readAllBytes(image);
        Path file = SourceTree.write(directory.resolve("file-" + seed), new Random(100 + seed), SIZE);
        System.arraycopy(Files.readAllBytes(file), 0, bytes, BLOCK, SIZE);
        Files.write(other, bytes);
        return file;
    }
}
