// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.benchmarks.kernel;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A contestant's process: a daemon that prints {@code ready}, and counts such as {@code reads=1 bytes=4096} at times. */
final class Daemon implements AutoCloseable {
    private static final Pattern COUNTS = Pattern.compile("reads=(\\d+) bytes=(\\d+)");
    private static final long START_SECONDS = 120;
    private static final long QUIET_SECONDS = 60;
    private static final int LAST_LINES = 20;

    private final Process process;
    private final String reader;
    private final CountDownLatch ready = new CountDownLatch(1);
    private final Object lock = new Object();
    private final Deque<String> lastLines = new ArrayDeque<>();
    private final long startNanos;
    private Counts counts = new Counts(0, 0);
    private long countsSeen;

    /**
     * READs up to now.
     *
     * @param reads how many were answered
     * @param bytes for how many bytes they have asked
     */
    record Counts(long reads, long bytes) {}

    private Daemon(Process process, String reader, long begin) throws IOException, InterruptedException {
        this.process = process;
        this.reader = reader;
        listen(process.getInputStream());
        listen(process.getErrorStream());
        boolean up = ready.await(START_SECONDS, TimeUnit.SECONDS);
        this.startNanos = System.nanoTime() - begin;
        if (!up || !process.isAlive()) {
            process.destroyForcibly();
            throw new IOException("the daemon did not get ready: " + lines());
        }
    }

    /**
     * Starts a daemon and waits until it serves.
     *
     * @param reader the program that tells the processor time of a process
     */
    static Daemon start(Contestant contestant, Path reader) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        Process process = new ProcessBuilder(contestant.command()).start();
        return new Daemon(process, reader.toString(), begin);
    }

    private void listen(InputStream stream) {
        Thread.ofPlatform().daemon().start(() -> {
            try (var lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    heard(line);
                }
            } catch (IOException e) {
                heard("its output cannot be read any more: " + e); // usual when it ends
            } finally {
                ready.countDown();
            }
        });
    }

    private void heard(String line) {
        Matcher matcher = COUNTS.matcher(line);
        boolean found = matcher.find();
        synchronized (lock) {
            if (found) {
                counts = new Counts(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
                countsSeen++;
                lock.notifyAll();
            } else if (lastLines.size() < LAST_LINES) {
                lastLines.add(line);
            }
        }
        if (line.equals("ready")) {
            ready.countDown();
        }
    }

    private String lines() {
        synchronized (lock) {
            return String.join("\n", lastLines);
        }
    }

    /** Waits until nothing more is counted, and gives the counts. */
    Counts awaitQuiet() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(QUIET_SECONDS);
        synchronized (lock) {
            Counts last = awaitLine(countsSeen + 1, deadline); // the first may have been on its way before
            while (true) {
                Counts next = awaitLine(countsSeen + 1, deadline);
                if (next.equals(last)) {
                    return next;
                }
                last = next;
            }
        }
    }

    private Counts awaitLine(long number, long deadline) throws IOException, InterruptedException {
        while (countsSeen < number) {
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) {
                throw new IOException("the daemon prints no counts, or is never quiet; alive: " + process.isAlive()
                        + "; it has printed: " + String.join("\n", lastLines));
            }
            lock.wait(left);
        }
        return counts;
    }

    /** The time from its start until it was ready. */
    long startNanos() {
        return startNanos;
    }

    /** The processor time that it has used. */
    long cpuNanos() throws IOException, InterruptedException {
        return Long.parseLong(Commands.run(reader, "cpu", Long.toString(process.pid())));
    }

    /** A line of /proc/PID/status that counts memory, such as {@code VmHWM} or {@code RssAnon}, in bytes. */
    long memory(String key) throws IOException {
        Path status = Path.of("/proc/" + process.pid() + "/status");
        for (String line : Files.readAllLines(status, StandardCharsets.ISO_8859_1)) {
            if (line.startsWith(key + ":")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new IOException(status + " has no " + key);
    }

    /** Ends it with SIGTERM, and waits until it is gone. */
    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(QUIET_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new IOException("the daemon did not end when it was asked to: " + lines());
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
