// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.FileHandler;
import dev.cachefiles.kerneltests.support.Shell;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The work that such mounts are for: a tree of sources is compiled that nobody has copied. */
class BuildTest {
    private static final int CLASSES = 30;

    @TempDir
    private static Path directory;

    @Test
    void a_tree_compiled_through_an_overlay_gives_what_a_local_one_gives() throws Exception {
        Path sources = sources(directory.resolve("sources"));
        ErofsImage.make(directory.resolve("image"), sources);
        String expected = compileHere(sources);
        // Not on the root of the guest: that is an overlay itself, which not every overlay takes for its upper half.
        Path writable = CacheDirectory.create();
        Path upper = Files.createDirectory(writable.resolve("upper"));
        Path work = Files.createDirectory(writable.resolve("work"));
        Path merged = Files.createDirectory(writable.resolve("merged"));
        var handler = new FileHandler(directory);
        OnDemandServer server = OnDemandServer.builder(CachefilesChannel.open(
                        CacheOptions.builder(CacheDirectory.create()).build()))
                .handler(handler)
                .start();
        try (var mount = ErofsMount.mount("fsid=image")) {
            Shell.run(
                            "mount",
                            "-t",
                            "overlay",
                            "-o",
                            "lowerdir=" + mount.point() + ",upperdir=" + upper + ",workdir=" + work,
                            "overlay",
                            merged.toString())
                    .orThrow();
            try {
                assertEquals(expected, compileApart(merged));
            } finally {
                Shell.run("umount", merged.toString()).orThrow();
            }
            assertTrue(handler.reads("image") > 0);
        } finally {
            server.close();
        }
    }

    /** Compiles all into the tree itself, in a process of its own; gives the digests of sources and classes. */
    private static String compileApart(Path tree) {
        Shell.sh(
                        "cd \"$1\" && find . -name '*.java' | sort | xargs \"$2\" -J-XX:TieredStopAtLevel=1 -d classes",
                        tree.toString(),
                        Path.of(System.getProperty("java.home"), "bin", "javac").toString())
                .orThrow();
        return SourceTree.digests(tree);
    }

    /** The same, but here, which takes less time. */
    private static String compileHere(Path tree) throws Exception {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null);
                Stream<Path> files = Files.walk(tree)) {
            List<Path> sources =
                    files.filter(file -> file.toString().endsWith(".java")).toList();
            List<String> options = List.of("-d", tree.resolve("classes").toString());
            assertTrue(
                    compiler.getTask(null, manager, null, options, null, manager.getJavaFileObjectsFromPaths(sources))
                            .call());
        }
        return SourceTree.digests(tree);
    }

    /** Classes in packages, each of which needs the one before. */
    private static Path sources(Path root) throws Exception {
        for (int i = 0; i < CLASSES; i++) {
            Path file = root.resolve("p" + i / 10 + "/C" + i + ".java");
            Files.createDirectories(file.getParent());
            String before = i == 0 ? "0" : "p" + (i - 1) / 10 + ".C" + (i - 1) + ".value() + " + i;
            Files.writeString(
                    file,
                    "package p" + i / 10 + ";\n\n" + "// A line that only fills. ".repeat(200) + "\npublic class C" + i
                            + " {\n    public static int value() {\n        return " + before + ";\n    }\n}\n");
        }
        return root;
    }
}
