// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import dev.cachefiles.kerneltests.matrix.Row;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shell that keeps the device, as a service manager would, while blob-servers come and go. */
class BlobServerHandOverTest {
    private static final int SIZE = 3_000_000;
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(180);

    /** Arguments: the cache's directory, the blobs' directory, the log. */
    private static final String KEEPER = """
            exec 3<>/dev/cachefiles
            printf 'dir %s' "$1" >&3
            printf 'bind ondemand' >&3
            trap 'kill -9 $worker; exit 0' TERM
            while :; do
                sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=cachefiles exec \
                    examples/blob-server/bin/blob-server --cache-dir "$1" --blobs "$2"' sh "$1" "$2" >>"$3" 2>&1 &
                worker=$!
                echo "worker $worker" >>"$3"
                wait $worker
                echo "ended $worker" >>"$3"
            done
            """;

    private static void await(Path log, String text, int times) throws IOException {
        long start = System.nanoTime();
        while (Files.readString(log).split(text, -1).length - 1 < times) {
            if (System.nanoTime() - start > PATIENCE) {
                throw new AssertionError("not " + times + " times '" + text + "': " + Files.readString(log));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    @Test
    @Row(44)
    void a_blob_server_goes_on_with_the_device_of_one_that_was_killed(@TempDir Path directory) throws Exception {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Path one = SourceTree.write(tree.resolve("one"), new Random(1), SIZE);
        Path two = SourceTree.write(tree.resolve("two"), new Random(2), SIZE);
        Path blobs = Files.createDirectory(directory.resolve("blobs"));
        ErofsImage.make(blobs.resolve("a"), tree);
        Path log = Files.createFile(directory.resolve("log"));
        Process keeper = new ProcessBuilder(
                        "sh", "-c", KEEPER, "sh", CacheDirectory.create().toString(), blobs.toString(), log.toString())
                .inheritIO()
                .start();
        try {
            await(log, "ready", 1);
            try (var mount = ErofsMount.mount("fsid=a")) {
                Shell.run("cmp", one.toString(), mount.file("one").toString()).orThrow();
                String worker = Files.readString(log).lines().findFirst().orElseThrow();
                Shell.run("kill", "-9", worker.substring("worker ".length())).orThrow();
                // Nobody serves now: the reader waits for the next one.
                Shell.run("cmp", two.toString(), mount.file("two").toString()).orThrow();
                await(log, "worker ", 2);
            }
            try (var mount = ErofsMount.mount("fsid=a")) {
                Shell.run("cmp", two.toString(), mount.file("two").toString()).orThrow();
            }
        } finally {
            keeper.destroy();
            if (!keeper.waitFor(60, TimeUnit.SECONDS)) {
                keeper.destroyForcibly().waitFor();
            }
        }
    }
}
