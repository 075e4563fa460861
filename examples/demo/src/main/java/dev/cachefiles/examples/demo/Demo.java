// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import dev.cachefiles.examples.blobserver.support.Failures;
import dev.cachefiles.examples.demo.Kernel.Counts;
import dev.cachefiles.examples.demo.erofs.ErofsException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command behind the script {@code demo}, which makes the image and finds out what the machine can do. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = "Serves an EROFS image on demand, reads all of it twice, and verifies every file.",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:every file is verified", "1:not every file is, or nothing could be shown", "2:wrong usage"})
public final class Demo implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int MOST_COMPLAINTS = 10;

    /** What serves. */
    enum Mode {
        /** The kernel of this machine, or the embedded one if that will not do. */
        auto,
        /** The kernel of this machine. */
        real,
        /** The one made of Java objects. */
        embedded
    }

    @Option(names = "--mode", defaultValue = "embedded", description = "${COMPLETION-CANDIDATES}")
    private Mode mode = Mode.embedded;

    @Option(names = "--why", defaultValue = "", description = "why this mode, to be shown")
    private String why = "";

    @Option(names = "--source", paramLabel = "DIR", description = "what the image was made of; default: the image")
    private @Nullable Path source;

    @Option(names = "--blob-server", paramLabel = "FILE", description = "the launcher of blob-server")
    private Path blobServer = Path.of("blob-server");

    @Option(names = "--cache-base", paramLabel = "DIR", description = "where to make a cache directory")
    private Path cacheBase = Path.of("/var/cache/cachefiles-demo");

    @Option(names = "--readers", defaultValue = "4", description = "how many files to read at a time")
    private int readers = 4;

    @Option(names = "--terminal", description = "standard output is a terminal")
    private boolean terminal;

    @Option(names = "--colour", description = "it shows colours")
    private boolean colour;

    @Option(names = "--unicode", description = "it shows more than ASCII")
    private boolean unicode;

    @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "the image, and its extra devices in their order")
    private List<Path> files = List.of();

    private Display display = new Display(System.out, new Display.Style(false, false, false));

    /**
     * Runs the command.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        System.exit(commandLine(new Demo()).execute(args));
    }

    static CommandLine commandLine(Demo demo) {
        return new CommandLine(demo).setExecutionExceptionHandler((failure, line, parsed) -> {
            line.getErr().println("demo: " + Failures.describe(failure));
            return FAILED;
        });
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        display = new Display(
                new PrintStream(System.out, true, System.out.charset()), new Display.Style(terminal, colour, unicode));
        List<Blob> blobs = blobs();
        display.title("cachefiles for Java: an image, served on demand");
        try (var direct = new FileBlobs(blobs)) {
            boolean compressed = isCompressed(direct);
            boolean good =
                    mode == Mode.embedded ? embedded(blobs, direct, compressed) : real(blobs, direct, compressed);
            return good ? CommandLine.ExitCode.OK : FAILED;
        }
    }

    private List<Blob> blobs() throws IOException {
        var blobs = new ArrayList<Blob>();
        for (Path file : files) {
            Blob blob = Blob.of(file);
            if (!blobs.isEmpty() && !blob.directory().equals(blobs.getFirst().directory())) {
                throw new ErofsException("all blobs of an image must be in one directory: " + blob.file());
            }
            blobs.add(blob);
        }
        return blobs;
    }

    private static boolean isCompressed(FileBlobs direct) throws IOException {
        try {
            new ErofsTree(direct).list();
            return false;
        } catch (ErofsException.Compressed e) {
            return true;
        }
    }

    private boolean real(List<Blob> blobs, FileBlobs direct, boolean compressed)
            throws IOException, InterruptedException {
        try {
            if (compressed && source == null) {
                throw new RealKernel.Unsuitable("the image is compressed, and nothing is known of what is in it");
            }
            Path directory = blobs.getFirst().directory();
            try (var kernel = new RealKernel(blobServer, directory, blobs, cacheBase)) {
                FileTree reference = source != null ? new DirectoryTree(source) : new ErofsTree(direct);
                Manifest expected = manifest(reference);
                FileTree tree = firstMount(kernel);
                display.say("image", describe(blobs) + ", " + expected.files() + " files");
                display.say("kernel", "Linux " + System.getProperty("os.version") + ", /dev/cachefiles");
                display.say("server", "blob-server, a process of its own");
                boolean good = show(kernel, tree, expected);
                kernel.complaints().forEach(line -> display.say("server", line));
                return good;
            }
        } catch (RealKernel.Unsuitable e) {
            if (mode == Mode.real) {
                display.complain(Failures.describe(e));
                return false;
            }
            why = Failures.describe(e);
            return embedded(blobs, direct, compressed);
        }
    }

    /** Where the kernel has cachefiles but its erofs does not use it, this is where it shows. */
    private static FileTree firstMount(Kernel kernel) throws RealKernel.Unsuitable, InterruptedException {
        try {
            return kernel.mount();
        } catch (IOException e) {
            throw new RealKernel.Unsuitable(Failures.describe(e));
        }
    }

    private boolean embedded(List<Blob> blobs, FileBlobs direct, boolean compressed)
            throws IOException, InterruptedException {
        long size = blobs.stream().mapToLong(Blob::size).sum();
        if (size > Runtime.getRuntime().maxMemory() / 2) {
            display.complain("the embedded kernel caches in memory, where "
                    + Display.size(size).strip() + " are too much; use --real or --vm");
            return false;
        }
        FileTree reference = compressed
                ? new BlobTree(direct, blobs)
                : source != null ? new DirectoryTree(source) : new ErofsTree(direct);
        Manifest expected = manifest(reference);
        display.say(
                "image",
                describe(blobs)
                        + (compressed
                                ? " (compressed: compared as a whole, not file by file)"
                                : ", " + expected.files() + " files"));
        display.say("kernel", "embedded fake" + (why.isEmpty() ? "" : ", since " + why));
        display.say("server", "BlobHandler with a DirectoryResolver, in this process");
        try (var kernel = new EmbeddedKernel(blobs.getFirst().directory(), blobs, compressed)) {
            return show(kernel, kernel.mount(), expected);
        }
    }

    private static String describe(List<Blob> blobs) {
        List<String> names = blobs.stream().map(Blob::name).toList();
        return String.join(" + ", names) + ", "
                + Display.size(blobs.stream().mapToLong(Blob::size).sum()).strip();
    }

    /** Reads what the mount is to be compared with. */
    private Manifest manifest(FileTree tree) throws IOException, InterruptedException {
        Manifest manifest = Manifest.of(tree, tree.list(), readers, bytes -> {});
        for (Manifest.Entry entry : manifest.entries().values()) {
            if (!entry.read()) {
                throw new IOException(
                        entry.item().path() + " cannot be read without the kernel either: " + entry.content());
            }
        }
        return manifest;
    }

    /** Reads everything twice; the first mount has been made. */
    private boolean show(Kernel kernel, FileTree mounted, Manifest expected) throws IOException, InterruptedException {
        var rows = new ArrayList<Display.Row>();
        var wrong = new ArrayList<String>();

        kernel.settle();
        Counts before = kernel.counts();
        display.say("mounted", before.opens() + (before.opens() == 1 ? " OPEN, " : " OPENs, ") + fetched(before));
        display.blank();
        pass("cold", kernel, mounted, expected, new Counts(0, 0, 0, 0, 0), rows, wrong);
        kernel.unmount();

        kernel.settle();
        before = kernel.counts();
        pass("warm", kernel, kernel.mount(), expected, before, rows, wrong);
        kernel.unmount();

        long reads = rows.getLast().reads();
        if (reads > 0) {
            wrong.add("the warm pass sent " + reads + " READs, although everything is cached");
        }
        display.table(rows);
        wrong.stream().distinct().limit(MOST_COMPLAINTS).forEach(display::complain);
        if (wrong.isEmpty()) {
            display.success("verified " + expected.files() + (expected.files() == 1 ? " file" : " files"));
        }
        return wrong.isEmpty();
    }

    private static String fetched(Counts counts) {
        return counts.reads() + (counts.reads() == 1 ? " READ, " : " READs, ")
                + Display.size(counts.bytes()).strip() + " fetched";
    }

    private void pass(
            String name,
            Kernel kernel,
            FileTree tree,
            Manifest expected,
            Counts before,
            List<Display.Row> rows,
            List<String> wrong)
            throws IOException, InterruptedException {
        var done = new LongAdder();
        long total = expected.bytes();
        display.start(
                name,
                () -> new Display.State(
                        done.sum(), total, kernel.counts().minus(before).reads()));
        long start = System.nanoTime();
        Manifest actual;
        long nanos;
        try {
            actual = Manifest.of(tree, tree.list(), readers, done::add);
        } finally {
            nanos = System.nanoTime() - start;
            kernel.settle();
            Counts counts = kernel.counts().minus(before);
            display.stop(name, new Display.State(done.sum(), total, counts.reads()));
        }
        Counts counts = kernel.counts().minus(before);
        wrong.addAll(expected.differences(actual));
        rows.add(new Display.Row(
                name, actual.files(), actual.bytes(), counts.reads(), counts.bytes(), counts.hits(), nanos));
    }
}
