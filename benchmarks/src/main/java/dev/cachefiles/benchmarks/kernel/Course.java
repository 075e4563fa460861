// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs workloads on one daemon, each with an image that it has not seen. */
final class Course {
    private static final Pattern READER = Pattern.compile("reads=(\\d+) elapsed=(\\d+) verified=(\\d+)");
    private static final int PAGE = 4096;
    private static final int LARGE_WRITE = 1 << 20;

    /** Mounts are over soon; the best of a few is taken of each. */
    private static final int MOUNTS = 3;

    private final Places places;
    private final CacheDisk disk;
    private final Contestant contestant;
    private final Daemon daemon;
    private final int round;
    private int imagesUsed;

    /**
     * Where things are.
     *
     * @param tools   the directory with {@code reader} and {@code raw-write}
     * @param images  the directory with the images, and what they were made of
     * @param blobs   the directory that the daemons serve
     * @param mount   where images are mounted
     * @param scratch where files may be left
     */
    record Places(Path tools, Path images, Path blobs, Path mount, Path scratch) {
        Path reader() {
            return tools.resolve("reader");
        }
    }

    Course(Places places, CacheDisk disk, Contestant contestant, Daemon daemon, int round) {
        this.places = places;
        this.disk = disk;
        this.contestant = contestant;
        this.daemon = daemon;
        this.round = round;
    }

    /** What a workload has read. */
    private record Outcome(long reads, long bytes, long elapsedNanos) {}

    Sample run(Workload workload) throws IOException, InterruptedException {
        String blob = newBlob(workload.image());
        if (contestant.limit() && !workload.pattern().equals(Workload.MOUNT)) {
            mount(blob);
            Commands.run(
                    "sh",
                    "-c",
                    "find \"$1\" -type f -exec cat {} + >/dev/null",
                    "sh",
                    places.mount().toString());
            umount();
        }
        dropCaches();

        long free;
        Daemon.Counts before;
        long cpu;
        Outcome outcome;
        if (workload.pattern().equals(Workload.MOUNT)) {
            free = disk.freeBytes();
            before = daemon.awaitQuiet();
            cpu = daemon.cpuNanos();
            outcome = mountToFirstByte(blob);
        } else {
            mount(blob);
            free = disk.freeBytes();
            before = daemon.awaitQuiet();
            cpu = daemon.cpuNanos();
            outcome = workload.pattern().equals(Workload.TREE) ? readTree() : read(workload);
        }
        Daemon.Counts after = daemon.awaitQuiet();
        cpu = daemon.cpuNanos() - cpu;
        long fetched = free - disk.freeBytes();
        long requests = after.reads() - before.reads();
        long rssAnon = daemon.memory("RssAnon");
        long peakRss = daemon.memory("VmHWM");
        umount();
        disk.empty();
        Files.delete(places.blobs().resolve(blob));

        long elapsed = outcome.elapsedNanos();
        if (contestant.limit()) {
            elapsed += rawWriteNanos(workload, outcome);
        }
        Latencies latencies = new Latencies(new long[0]);
        if (Files.exists(latencyFile())) {
            latencies = Latencies.read(latencyFile());
            Files.delete(latencyFile());
        }
        return new Sample(
                contestant.name(),
                workload.name(),
                round,
                outcome.reads(),
                outcome.bytes(),
                elapsed,
                requests,
                fetched,
                cpu,
                latencies.ofMisses(requests, 0.5),
                latencies.ofMisses(requests, 0.99),
                latencies.ofReads(0.99),
                peakRss,
                rssAnon);
    }

    /** The kernel knows blobs by their names: one more name is one more blob, of which nothing is cached. */
    private String newBlob(String image) throws IOException {
        imagesUsed++;
        String name = image + "-" + round + "-" + imagesUsed;
        Files.createLink(places.blobs().resolve(name), places.blobs().resolve(image + ".erofs"));
        return name;
    }

    private void mount(String blob) throws IOException, InterruptedException {
        Commands.run(
                "mount",
                "-t",
                "erofs",
                "-o",
                "fsid=" + blob,
                "none",
                places.mount().toString());
    }

    private void umount() throws IOException, InterruptedException {
        Commands.run("umount", places.mount().toString());
    }

    private static void dropCaches() throws IOException, InterruptedException {
        Commands.run("sync");
        Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "3\n");
    }

    private Path latencyFile() {
        return places.scratch().resolve("latencies");
    }

    private Outcome read(Workload workload) throws IOException, InterruptedException {
        String line = Commands.run(
                places.reader().toString(),
                workload.pattern(),
                places.mount().resolve("data").toString(),
                places.images().resolve(workload.image() + ".data").toString(),
                latencyFile().toString(),
                Integer.toString(workload.threads()),
                Long.toString(workload.count()),
                Integer.toString(round));
        Matcher matcher = READER.matcher(line);
        if (!matcher.find()) {
            throw new IOException("reader has printed: " + line);
        }
        return new Outcome(
                Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(3)), Long.parseLong(matcher.group(2)));
    }

    /** Reads all files whole. The digests were made with the image. */
    private Outcome readTree() throws IOException, InterruptedException {
        String expected = Files.readString(places.images().resolve("tree.sha256"), StandardCharsets.UTF_8)
                .strip();
        long begin = System.nanoTime();
        String output = Commands.run(
                "sh",
                "-c",
                "cd \"$1\" && find . -type f | xargs sha256sum",
                "sh",
                places.mount().toString());
        long elapsed = System.nanoTime() - begin;
        String sorted = String.join("\n", output.lines().sorted().toList());
        if (!sorted.equals(expected)) {
            throw new IOException(contestant.name() + ": the files of the tree have wrong bytes");
        }
        long bytes = Long.parseLong(
                Files.readString(places.images().resolve("tree.bytes")).strip());
        return new Outcome(sorted.lines().count(), bytes, elapsed);
    }

    /** How long it takes until a program has the first bytes of a file, from the start of mount(8). */
    private Outcome mountToFirstByte(String blob) throws IOException, InterruptedException {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < MOUNTS; i++) {
            if (i > 0) {
                umount();
                disk.empty();
                dropCaches();
            }
            long begin = System.nanoTime();
            mount(blob);
            try (InputStream file = Files.newInputStream(places.mount().resolve("data"))) {
                if (file.read() < 0) {
                    throw new IOException("an empty file");
                }
            }
            best = Math.min(best, System.nanoTime() - begin);
        }
        return new Outcome(1, 1, best);
    }

    /** What must come into the cache at least, written as well as can be. */
    private long rawWriteNanos(Workload workload, Outcome outcome) throws IOException, InterruptedException {
        boolean sparse = workload.image().equals("large") || workload.pattern().equals(Workload.MOUNT);
        long bytes = sparse
                ? Math.max(PAGE, outcome.bytes())
                : Files.size(places.blobs().resolve(workload.image() + ".erofs"));
        if (workload.name().equals("first")) {
            bytes = outcome.bytes();
        }
        return Long.parseLong(Commands.run(
                places.tools().resolve("raw-write").toString(),
                disk.point().toString(),
                Long.toString(bytes),
                Integer.toString(sparse ? PAGE : LARGE_WRITE)));
    }
}
