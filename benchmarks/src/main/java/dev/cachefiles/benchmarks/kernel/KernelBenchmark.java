// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Compares daemons on the real kernel: in each round each daemon is started once, in another order, and runs all
 * workloads. Is run in the guest by {@code benchmarks/kernel/run}. Arguments: {@code TOOLS IMAGES RESULTS CLASS_PATH
 * BLOB_SERVER ROUNDS quick|full DAEMONS WORKLOADS MACHINE}, where DAEMONS and WORKLOADS are regular expressions.
 */
public final class KernelBenchmark {

    /** Those of examples/launch: what is compared runs as it is shipped. */
    private static final List<String> JAVA_OPTIONS = List.of(
            "-XX:TieredStopAtLevel=1",
            "-XX:CompileThresholdScaling=2",
            "-XX:CompileCommand=quiet",
            "-XX:CompileCommand=CompileThresholdScaling,dev.cachefiles.*::*,0.1",
            "-XX:+UseSerialGC",
            "-Xmx128m",
            "-XX:-UsePerfData",
            "--enable-native-access=ALL-UNNAMED");

    /** The same with the full compiler, as a daemon that runs for long and fetches exactly may want it. */
    private static final List<String> FULL_JAVA_OPTIONS = JAVA_OPTIONS.stream()
            .filter(option -> !option.startsWith("-XX:Tiered"))
            .toList();

    private static final Path BLOBS = Path.of("/run/benchmark/blobs");
    private static final Path MOUNT = Path.of("/run/benchmark/mnt");
    private static final Path SCRATCH = Path.of("/run/benchmark");
    private static final Path DISK = Path.of("/run/benchmark/disk");

    private final Path tools;
    private final Path images;
    private final Path results;
    private final String classPath;
    private final String blobServer;
    private final int rounds;
    private final boolean quick;
    private final Predicate<String> daemons;
    private final Predicate<String> workloads;
    private final String machine;
    private final List<Sample> samples = new ArrayList<>();
    private int programs;

    private KernelBenchmark(String[] args) {
        if (args.length != 10) {
            throw new IllegalArgumentException("is run by benchmarks/kernel/run");
        }
        tools = Path.of(args[0]);
        images = Path.of(args[1]);
        results = Path.of(args[2]);
        classPath = args[3];
        blobServer = args[4];
        rounds = Integer.parseInt(args[5]);
        quick = args[6].equals("quick");
        daemons = Pattern.compile(args[7]).asMatchPredicate();
        workloads = Pattern.compile(args[8]).asMatchPredicate();
        machine = args[9];
    }

    /**
     * Runs.
     *
     * @param args see the class
     * @throws IOException          if anything at all goes wrong, wrong bytes included
     * @throws InterruptedException never
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        new KernelBenchmark(args).run();
    }

    private void run() throws IOException, InterruptedException {
        List<Contestant> contestants =
                contestants().stream().filter(c -> daemons.test(c.name())).toList();
        List<Workload> course =
                workloads().stream().filter(w -> workloads.test(w.name())).toList();
        if (contestants.isEmpty() || course.isEmpty()) {
            throw new IllegalArgumentException("no daemon or no workload has such a name");
        }
        prepare(course);
        var disk = new CacheDisk(DISK);
        for (int round = 1; round <= rounds; round++) {
            List<Contestant> order = new ArrayList<>(contestants);
            Collections.rotate(order, 1 - round);
            for (Contestant contestant : order) {
                disk.format();
                run(contestant, course, disk, round);
                // After each: a run that is stopped has not been for nothing.
                var report = new Report(machine, contestants, course, samples);
                Files.writeString(results.resolve("report.md"), report.text());
                Files.writeString(results.resolve("report.json"), report.json());
            }
        }
        System.out.print(new Report(machine, contestants, course, samples).text());
    }

    /** Images and programs into memory: where the daemons have their bytes from shall have no say either. */
    private void prepare(List<Workload> course) throws IOException, InterruptedException {
        Files.createDirectories(BLOBS);
        Files.createDirectories(MOUNT);
        intoMemory(Path.of(System.getProperty("java.home")));
        intoMemory(Path.of(blobServer, "../../target").normalize());
        for (String entry : classPath.split(":", -1)) {
            intoMemory(Path.of(entry.replace("/*", "")));
        }
        commandsIntoMemory();
        for (String image : course.stream().map(Workload::image).distinct().toList()) {
            Files.copy(images.resolve(image + ".erofs"), BLOBS.resolve(image + ".erofs"));
        }
    }

    /** A daemon's own files as well, which are on the machine's disk: each page of them that is touched first would be. */
    private void intoMemory(Path directory) throws IOException, InterruptedException {
        programs++;
        Commands.run(
                "sh",
                "-c",
                "mkdir -p \"$2\" && cp -a \"$1/.\" \"$2\" && mount --bind \"$2\" \"$1\"",
                "sh",
                directory.toString(),
                SCRATCH.resolve("programs").resolve(Integer.toString(programs)).toString());
    }

    /** The programs that workloads consist of, with their libraries: caches are dropped before each workload. */
    private static void commandsIntoMemory() throws IOException, InterruptedException {
        Commands.run("sh", "-c", """
                for program in sh mount umount sync find xargs sha256sum cat; do
                  program=$(command -v "$program")
                  echo "$program"
                  ldd "$program" | grep -o '/[^ ]*'
                done | xargs -n 1 readlink -f | sort -u | while read -r file; do
                  mkdir -p "$1${file%/*}" && cp -p "$file" "$1$file" && mount --bind "$1$file" "$file" || exit 1
                done
                """, "sh", SCRATCH.resolve("commands").toString());
    }

    private void run(Contestant contestant, List<Workload> course, CacheDisk disk, int round)
            throws IOException, InterruptedException {
        var places = new Course.Places(tools, images, BLOBS, MOUNT, SCRATCH);
        try (Daemon daemon = Daemon.start(contestant, places.reader())) {
            samples.add(new Sample(
                    contestant.name(),
                    Report.START,
                    round,
                    1,
                    0,
                    daemon.startNanos(),
                    0,
                    0,
                    daemon.cpuNanos(),
                    0,
                    0,
                    0,
                    daemon.memory("VmHWM"),
                    daemon.memory("RssAnon")));
            var runner = new Course(places, disk, contestant, daemon, round);
            for (Workload workload : course) {
                Sample sample = runner.run(workload);
                samples.add(sample);
                System.err.printf(
                        "round %d: %-14s %-11s %8.0f/s %6d READs%n",
                        round,
                        contestant.name(),
                        workload.name(),
                        sample.reads() * 1e9 / sample.elapsedNanos(),
                        sample.requests());
            }
        }
    }

    private List<Contestant> contestants() {
        var all = new ArrayList<>(List.of(
                plain(Contestant.REFERENCE),
                plain("c-128k", "131072"),
                plain("c-1m", "1048576"),
                java("ffm", "StraightLoop"),
                java("direct", "ModeServer", "direct", "exact"),
                java("direct-full", FULL_JAVA_OPTIONS, "ModeServer", "direct", "exact"),
                java("virtual", "ModeServer", "virtual", "exact"),
                java("async", "ModeServer", "async", "exact"),
                blobServer("blob-server", blobServer),
                blobServer("java-jar", javaBinary(), "-jar", jar()),
                java("virtual-window", "ModeServer", "virtual", "window"),
                java("async-window", "ModeServer", "async", "window"),
                new Contestant(Contestant.LIMIT, plain("", "1048576").command(), true)));
        if (quick) {
            var few = Set.of("c", "c-128k", "ffm", "direct", "blob-server", "limit");
            all.removeIf(contestant -> !few.contains(contestant.name()));
        }
        return all;
    }

    /** The example as it is shipped, or by another command that starts it. */
    private Contestant blobServer(String name, String... start) {
        var command = new ArrayList<>(List.of(start));
        command.addAll(List.of("--cache-dir", DISK.toString(), "--blobs", BLOBS.toString(), "--stats", "0.2"));
        return new Contestant(name, command, false);
    }

    private String jar() {
        return Path.of(blobServer, "../../target/blob-server.jar").normalize().toString();
    }

    private static String javaBinary() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private Contestant plain(String name, String... window) {
        var command =
                new ArrayList<>(List.of(tools.resolve("plain-daemon").toString(), DISK.toString(), BLOBS.toString()));
        command.addAll(List.of(window));
        return new Contestant(name, command, false);
    }

    private Contestant java(String name, String main, String... arguments) {
        return java(name, JAVA_OPTIONS, main, arguments);
    }

    private Contestant java(String name, List<String> options, String main, String... arguments) {
        var command = new ArrayList<>(List.of(javaBinary()));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, KernelBenchmark.class.getPackageName() + "." + main));
        command.addAll(List.of(arguments));
        command.addAll(List.of(DISK.toString(), BLOBS.toString()));
        return new Contestant(name, command, false);
    }

    private List<Workload> workloads() {
        var all = new ArrayList<>(List.of(
                new Workload("mount", "mount to first byte", "big", Workload.MOUNT, 1, 1),
                new Workload("first", "cold random 4 KiB, the daemon's first reads", "big", "random", 1, 2048),
                new Workload(
                        "warm-up", "cold random 4 KiB, 4 readers: what compilers need", "large", "random", 4, 49_152),
                new Workload("random-1", "cold random 4 KiB, all of the image, 1 reader", "big", "random", 1, 0),
                new Workload("random-4", "cold random 4 KiB, all of the image, 4 readers", "big", "random", 4, 0),
                new Workload("random-16", "cold random 4 KiB, all of the image, 16 readers", "big", "random", 16, 0),
                new Workload("sequential", "cold, from front to back", "big", "sequential", 1, 0),
                new Workload("mixed", "hot and cold 4 KiB: 9 of 10 reads in a tenth", "big", "mixed", 4, 8192),
                new Workload("tree", "small files, read whole: find | xargs sha256sum", "tree", Workload.TREE, 1, 0),
                new Workload("sparse", "cold random 4 KiB, 1% of a large image", "large", "random", 1, 1310)));
        if (quick) {
            var few = Set.of("mount", "first", "random-1", "random-4", "sequential");
            all.removeIf(workload -> !few.contains(workload.name()));
        }
        return all;
    }
}
