// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.soak;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.Concurrency;
import dev.cachefiles.OnDemandServer;
import dev.cachefiles.ServerStatus;
import dev.cachefiles.kerneltests.support.CacheDirectory;
import dev.cachefiles.kerneltests.support.ErofsImage;
import dev.cachefiles.kerneltests.support.OpenFiles;
import dev.cachefiles.kerneltests.support.SourceTree;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The daemon of the soak: {@code --kernel NAME --minutes N --results DIRECTORY}. A server of another mode follows every
 * two minutes. Fails if a request stays unanswered, or fds, threads or memory grow, or the load has something to complain
 * of.
 */
public final class SoakMain {
    static final Duration DEADLINE = Duration.ofSeconds(1);

    private static final Duration SHIFT = Duration.ofMinutes(2);
    private static final String ANONYMOUS = "anon_inode:[cachefiles]";

    private static final long HEAP_GROWTH = 8L << 20;

    private static final List<Consumer<OnDemandServer.Builder>> MODES = List.of(
            builder -> {},
            OnDemandServer.Builder::virtualThreads,
            builder -> builder.threads(2),
            builder -> builder.concurrency(Concurrency.PER_OBJECT),
            builder -> builder.virtualThreads().concurrency(Concurrency.SERIAL));

    private final CacheOptions options;
    private final FaultyHandler handler;
    private final List<String> complaints = new ArrayList<>();
    private long heapAtFirst = -1;
    private long threadsAtFirst = -1;

    private SoakMain(MemorySegment image) throws IOException {
        this.options = CacheOptions.builder(CacheDirectory.create()).build();
        this.handler = new FaultyHandler(image);
    }

    /** Where the load finds out that there is another server. */
    static Path epochFile(Path cache) {
        return cache.resolveSibling(cache.getFileName() + ".epoch");
    }

    /**
     * Runs the soak; exits with 0 if all went well.
     *
     * @param args the options
     * @throws Exception if it cannot be run
     */
    public static void main(String[] args) throws Exception {
        Map<String, String> named = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            named.put(args[i], args[i + 1]);
        }
        Path directory = Files.createTempDirectory("soak");
        Path tree = SourceTree.create(directory.resolve("tree"), 1);
        Path image = ErofsImage.make(directory.resolve("image"), tree);
        try (FileChannel channel = FileChannel.open(image)) {
            var soak = new SoakMain(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.global()));
            soak.run(tree, Duration.ofMinutes(Long.parseLong(named.get("--minutes"))));
            String summary = named.get("--kernel")
                    + (soak.complaints.isEmpty() ? ": 1 passed, 0 failed" : ": 0 passed, 1 failed");
            soak.complaints.forEach(complaint -> System.out.println("soak: " + complaint));
            System.out.println(summary);
            System.out.flush();
            Path results = Files.createDirectories(Path.of(named.get("--results")));
            Files.writeString(results.resolve("summary"), summary + "\n");
            System.exit(soak.complaints.isEmpty() ? 0 : 1);
        }
    }

    private void run(Path tree, Duration time) throws Exception {
        Files.writeString(epochFile(options.directory()), "0");
        long end = System.nanoTime() + time.toNanos();
        Process load = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SoakLoad.class.getName(),
                        tree.toString(),
                        options.directory().toString(),
                        Long.toString(time.toSeconds()))
                .inheritIO()
                .start();
        for (int shift = 0; load.isAlive(); shift++) {
            Files.writeString(epochFile(options.directory()), Integer.toString(shift));
            serve(shift, load, System.nanoTime() + SHIFT.toNanos(), end);
        }
        if (load.exitValue() != 0) {
            complaints.add("the load has ended with " + load.exitValue());
        }
    }

    private void serve(int shift, Process load, long shiftEnd, long end) throws Exception {
        OnDemandServer.Builder builder = OnDemandServer.builder(CachefilesChannel.open(options))
                .handler(handler)
                .openDeadline(DEADLINE)
                .readDeadline(DEADLINE)
                .shutdownTimeout(DEADLINE);
        MODES.get(shift % MODES.size()).accept(builder);
        ServerStatus last;
        try (OnDemandServer server = builder.start()) {
            while (load.isAlive() && (System.nanoTime() < shiftEnd || System.nanoTime() > end)) {
                TimeUnit.SECONDS.sleep(1);
                ServerStatus status = server.status();
                if (status.oldest().compareTo(DEADLINE.plusSeconds(2)) > 0) {
                    complaints.add("a request is unanswered after " + status.oldest());
                }
            }
            last = server.status();
            // Before the mounts lose their cache, so that the load does not blame this server.
            Files.writeString(epochFile(options.directory()), shift + " has ended");
        }
        int fds = OpenFiles.of(ANONYMOUS).size();
        if (fds > 0) {
            complaints.add(fds + " anonymous fds are left by server " + shift);
        }
        report(shift, last);
    }

    private void report(int shift, ServerStatus last) throws Exception {
        TimeUnit.SECONDS.sleep(1);
        System.gc();
        long heap = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        long threads = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("cachefiles-"))
                .count();
        long files;
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            files = fds.count();
        }
        System.out.println("soak: server " + shift + " closed: " + last + "; " + handler.reads()
                + " READs so far, faults "
                + handler.faults() + "; heap " + (heap >> 10) + " KiB, " + resident() + ", " + threads + " threads, "
                + files + " fds");
        if (heapAtFirst < 0) {
            heapAtFirst = heap;
            threadsAtFirst = threads;
        } else {
            check(heap <= heapAtFirst + HEAP_GROWTH, "the heap has grown from " + heapAtFirst + " to " + heap);
            check(threads <= threadsAtFirst + last.overdue() + 20, threads + " threads are left");
        }
    }

    private void check(boolean right, String complaint) {
        if (!right) {
            complaints.add(complaint);
        }
    }

    private static String resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .findFirst()
                .orElse("")
                .replaceAll("\\s+", " ");
    }
}
