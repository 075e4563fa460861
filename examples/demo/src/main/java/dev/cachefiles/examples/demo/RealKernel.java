// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.demo;

import dev.cachefiles.examples.blobserver.support.Failures;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The kernel of this machine.
 *
 * <p>Three processes, as it has to be: {@code blob-server} holds the device and never mounts; {@code mount} runs alone,
 * without the device's fd; and this one reads the mount, which the server must never do.
 */
final class RealKernel implements Kernel {
    private static final Pattern STATS = Pattern.compile(
            "opens=(?<opens>\\d+) reads=(?<reads>\\d+) bytes=(?<bytes>\\d+) failures=(?<failures>\\d+)");
    private static final Pattern CACHE_READS = Pattern.compile("IO +: rd=(\\d+)");
    private static final Path FSCACHE_STATS = Path.of("/proc/fs/fscache/stats");
    private static final long STATS_MILLIS = 100;
    private static final long STOP_SECONDS = 60;

    private final List<Blob> blobs;
    private final Path cache;
    private final Path mountPoint;
    private final Process server;
    private final Thread logReader;
    private final Thread cleaner = new Thread(this::cleanUp, "clean-up");
    private final Queue<String> log = new ConcurrentLinkedQueue<>();
    private final long cacheReadsBefore = cacheReads();
    private volatile Counts counts = new Counts(0, 0, 0, 0, 0);
    private final AtomicLong reports = new AtomicLong();
    private volatile boolean mounted;
    private boolean cleanedUp;

    /** The kernel or the machine will not do, and nothing has been read yet: another way can be tried. */
    static final class Unsuitable extends IOException {
        private static final long serialVersionUID = 1;

        Unsuitable(String message) {
            super(message);
        }
    }

    /**
     * Starts a server.
     *
     * @param launcher  the command {@code blob-server}
     * @param directory where the blobs are
     * @param cacheBase where to make the cache's directory, which is removed in the end
     * @throws Unsuitable if the server does not come up
     */
    RealKernel(Path launcher, Path directory, List<Blob> blobs, Path cacheBase)
            throws IOException, InterruptedException {
        this.blobs = blobs;
        for (Blob blob : blobs) {
            if (blob.name().indexOf(',') >= 0) {
                throw new Unsuitable("mount options cannot hold the comma in the name " + blob.name());
            }
        }
        // A cache of its own: nothing of it is warm, and nothing stale under the name of another image.
        this.cache = makeCache(cacheBase);
        this.mountPoint = Files.createTempDirectory("cachefiles-demo-");
        this.server = new ProcessBuilder(
                        launcher.toString(),
                        "--cache-dir=" + cache,
                        "--blobs=" + directory,
                        "--stats=" + STATS_MILLIS / 1000.0)
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(cleaner);
        this.logReader = Thread.ofPlatform().daemon().name("log").start(this::readLog);
        BufferedReader output = server.inputReader(StandardCharsets.UTF_8);
        String line = output.readLine();
        if (!"ready".equals(line)) {
            String error = lastError();
            cleanUp();
            forgetHook();
            throw new Unsuitable(error);
        }
    }

    private static Path makeCache(Path base) throws Unsuitable {
        try {
            return Files.createTempDirectory(Files.createDirectories(base), "demo-");
        } catch (IOException e) {
            throw new Unsuitable(Failures.describe(e));
        }
    }

    private void readLog() {
        try (BufferedReader reader = server.errorReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                Matcher stats = STATS.matcher(line);
                if (stats.find()) {
                    counts = new Counts(
                            Long.parseLong(stats.group("opens")),
                            Long.parseLong(stats.group("reads")),
                            Long.parseLong(stats.group("bytes")),
                            Long.parseLong(stats.group("failures")),
                            cacheReads() - cacheReadsBefore);
                    reports.incrementAndGet();
                } else {
                    log.add(line);
                }
            }
        } catch (IOException e) {
            log.add("the server's messages could not be read: " + e.getMessage());
        }
    }

    /** Reads of the cache that the kernel has counted, by all its users; 0 if it does not count them. */
    private static long cacheReads() {
        try {
            Matcher reads = CACHE_READS.matcher(Files.readString(FSCACHE_STATS));
            return reads.find() ? Long.parseLong(reads.group(1)) : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    private String lastError() {
        try {
            logReader.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        String last = "blob-server did not come up";
        for (String line : log) {
            last = line;
        }
        return last;
    }

    /** What the server has complained about. */
    List<String> complaints() {
        return log.stream().filter(line -> !line.contains(" INFO ")).toList();
    }

    @Override
    public FileTree mount() throws IOException, InterruptedException {
        var options = new StringBuilder("ro,fsid=").append(blobs.getFirst().name());
        for (Blob device : blobs.subList(1, blobs.size())) {
            options.append(",device=").append(device.name());
        }
        String error = run("mount", "-t", "erofs", "-o", options.toString(), "none", mountPoint.toString());
        if (!error.isEmpty()) {
            throw new IOException(error);
        }
        mounted = true;
        return new DirectoryTree(mountPoint);
    }

    @Override
    public void unmount() throws IOException, InterruptedException {
        if (mounted) {
            String error = run("umount", mountPoint.toString());
            if (!error.isEmpty()) {
                throw new IOException(error);
            }
            mounted = false;
        }
    }

    /** Runs a command in a process of its own; returns what it says when it fails, on one line, else nothing. */
    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        if (status == 0) {
            return "";
        }
        String line = said.strip().replace('\n', ' ').replaceAll(" +", " ");
        return line.isEmpty() ? String.join(" ", command) + ": exit status " + status : line;
    }

    @Override
    public Counts counts() {
        return counts;
    }

    @Override
    public void settle() throws InterruptedException {
        // One report may be on its way already; the next but one is younger than now.
        long enough = reports.get() + 2;
        while (reports.get() < enough && server.isAlive()) {
            Thread.sleep(STATS_MILLIS / 4);
        }
    }

    @Override
    public void close() throws IOException {
        String error = cleanUp();
        forgetHook();
        if (!error.isEmpty()) {
            throw new IOException(error);
        }
    }

    private void forgetHook() {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // On the way down already; the hook will find nothing left to do.
        }
    }

    /** Leaves nothing behind, also when the user has had enough. Returns what went wrong. */
    private synchronized String cleanUp() {
        if (cleanedUp) {
            return "";
        }
        cleanedUp = true;
        try {
            if (mounted && !run("umount", mountPoint.toString()).isEmpty()) {
                run("umount", "-l", mountPoint.toString()); // readers have files open
            }
            String error = stopServer();
            Files.deleteIfExists(mountPoint);
            deleteTree(cache);
            return error;
        } catch (IOException e) {
            return "clean-up: " + Failures.describe(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "clean-up: interrupted";
        }
    }

    private String stopServer() throws InterruptedException {
        boolean wasAlive = server.isAlive();
        server.toHandle()
                .destroy(); // SIGTERM; that of Process would also close the pipe that its last words come in by
        if (!server.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            server.destroyForcibly();
            return "blob-server did not stop within " + STOP_SECONDS + " s";
        }
        return wasAlive && server.exitValue() != 0 ? "blob-server ended with status " + server.exitValue() : "";
    }

    private static void deleteTree(Path root) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
