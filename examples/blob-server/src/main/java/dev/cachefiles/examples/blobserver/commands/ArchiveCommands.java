// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.examples.blobserver.archive.CacheArchive;
import dev.cachefiles.examples.blobserver.archive.CacheArchive.Count;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code blob-server cache export}, {@code import} and {@code verify}: a cache on another machine. */
final class ArchiveCommands {
    private ArchiveCommands() {}

    /** All of them. */
    static List<Object> all() {
        return List.of(new Export(), new Import(), new Verify());
    }

    /** What they have in common. */
    abstract static class Base implements Callable<Integer> {
        @Spec
        private @Nullable CommandSpec spec;

        @Option(names = "--cache-dir", required = true, paramLabel = "DIR", description = "where the cache is")
        private Path directory = Path.of("");

        final Path directory() {
            return directory;
        }

        final PrintWriter out() {
            return Commands.line(spec).getOut();
        }

        @Override
        public final Integer call() throws IOException {
            int status = run();
            out().flush();
            return status;
        }

        abstract int run() throws IOException;
    }

    /** {@code cache export}. */
    @Command(
            name = "export",
            mixinStandardHelpOptions = true,
            description = {
                "Packs a cache into a tar file, with its holes and attributes. A daemon may serve it meanwhile. Blobs that"
                        + " are mounted for the first time are not in it: unmount them first.",
                ""
            })
    static final class Export extends Base {
        @Parameters(paramLabel = "FILE", description = "the archive to make")
        private Path archive = Path.of("");

        @Override
        int run() throws IOException {
            Count count = CacheArchive.export(directory(), archive);
            out().println(archive + ": " + count.files() + " files");
            return 0;
        }
    }

    /** {@code cache import}. */
    @Command(
            name = "import",
            mixinStandardHelpOptions = true,
            description = {
                "Puts what is in an archive into a cache, where mounts then find it. Blobs that the cache has already stay"
                        + " as they are. An archive with anything else in it is refused as a whole.",
                "",
                "The archive decides what readers of these blobs see: take it from those alone whom you trust with that.",
                ""
            })
    static final class Import extends Base {
        @Parameters(paramLabel = "FILE", description = "the archive")
        private Path archive = Path.of("");

        @Override
        int run() throws IOException {
            Count count = CacheArchive.importInto(directory(), archive);
            out().println(directory() + ": " + count.files() + " files added, " + count.kept() + " were there");
            return 0;
        }
    }

    /** {@code cache verify}. */
    @Command(
            name = "verify",
            mixinStandardHelpOptions = true,
            description = {
                "Looks whether a cache holds nothing but what the kernel will take; and with an archive, whether it has all"
                        + " bytes of that.",
                ""
            },
            exitCodeListHeading = "%nExit status:%n",
            exitCodeList = {"0:nothing is wrong", "1:something is", "2:wrong usage"})
    static final class Verify extends Base {
        @Parameters(arity = "0..1", paramLabel = "FILE", description = "an archive to compare with")
        private @Nullable Path archive;

        @Override
        int run() throws IOException {
            Count count = CacheArchive.verify(directory());
            Path other = archive;
            if (other != null) {
                List<String> differences = CacheArchive.differences(directory(), other);
                if (!differences.isEmpty()) {
                    differences.forEach(out()::println);
                    return 1;
                }
            }
            out().println(directory() + ": " + count.files() + " files, nothing is wrong");
            return 0;
        }
    }
}
