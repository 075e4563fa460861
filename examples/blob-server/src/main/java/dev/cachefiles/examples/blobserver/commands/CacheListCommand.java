// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.cache.CacheSpace;
import dev.cachefiles.cache.CacheTree;
import dev.cachefiles.cache.CachedObject;
import dev.cachefiles.cache.CachedVolume;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code blob-server cache list}: shows what is in a cache. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        description = {
            "Shows what is in a cache: of each blob the bytes that it takes on the disk, its size, when the kernel opened"
                    + " it last, its volume and its name. The least recently used comes first.",
            "",
            "Works while a daemon serves the cache. A blob that is mounted for the first time is not shown: the kernel"
                    + " gives its file a name when the mount ends. Needs to be root.",
            ""
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:done", "1:there is no cache, or it cannot be read"})
final class CacheListCommand implements Callable<Integer> {

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--cache-dir", paramLabel = "DIR", required = true, description = "the directory of the cache")
    private Path directory = Path.of("");

    CacheListCommand() {}

    @Override
    public Integer call() throws IOException {
        PrintWriter out = Commands.line(spec).getOut();
        try (CacheTree tree = CacheTree.open(directory)) {
            List<CachedVolume> volumes = tree.volumes();
            List<CachedObject> objects = volumes.stream()
                    .flatMap(volume -> volume.objects().stream())
                    .sorted(Comparator.comparing(CachedObject::lastUsed))
                    .toList();
            out.printf("%14s %14s  %-20s  %s%n", "ON DISK", "SIZE", "LAST USED", "BLOB");
            for (CachedObject object : objects) {
                out.printf(
                        "%14d %14s  %-20s  %s%n",
                        object.allocatedBytes(),
                        object.size().isPresent() ? Long.toString(object.size().getAsLong()) : "?",
                        object.lastUsed().truncatedTo(ChronoUnit.SECONDS),
                        object);
            }
            CacheSpace space = tree.space();
            out.printf(
                    "%d blobs in %d volumes take %d bytes; %d of %d bytes and %d of %d files are free%n",
                    objects.size(),
                    volumes.size(),
                    volumes.stream().mapToLong(CachedVolume::totalBytes).sum(),
                    space.freeBytes(),
                    space.bytes(),
                    space.freeFiles(),
                    space.files());
        }
        out.flush();
        return 0;
    }
}
