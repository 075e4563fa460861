// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.soak;

import dev.cachefiles.kerneltests.support.ErofsMount;
import dev.cachefiles.kerneltests.support.Shell;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/**
 * The process that mounts and reads: {@code TREE CACHE SECONDS}. Compares each file with the same one of the tree. Prints
 * what it has seen, and ends with 1 if a byte was wrong or a read took too long.
 */
public final class SoakLoad {
    private static final int WORKERS = 4;

    /** A page, for which the kernel sends one READ, or two: of more it may ask for each page by itself, one after the other. */
    private static final int PIECE = 4096;

    private static final int TRIES = 50;

    /** The deadline, the second try, and two seconds for a busy machine. */
    private static final long LONGEST_READ_NANOS = SoakMain.DEADLINE.toNanos() + TimeUnit.MILLISECONDS.toNanos(2500);

    private final Path tree;
    private final Path cache;
    private final long end;
    private final List<Path> files;

    private final LongAdder mounts = new LongAdder();
    private final LongAdder failedMounts = new LongAdder();
    private final LongAdder filesRead = new LongAdder();
    private final LongAdder failedReads = new LongAdder();
    private final LongAdder killed = new LongAdder();
    private final LongAdder wrong = new LongAdder();
    private final LongAdder hopeless = new LongAdder();
    private final LongAdder slow = new LongAdder();
    private final AtomicLong longestRead = new AtomicLong();

    private SoakLoad(Path tree, Path cache, long seconds) throws IOException {
        this.tree = tree;
        this.cache = cache;
        this.end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        try (Stream<Path> all = Files.walk(tree)) {
            this.files = all.filter(Files::isRegularFile).map(tree::relativize).toList();
        }
    }

    /**
     * Runs the load.
     *
     * @param args tree, cache directory, seconds
     * @throws Exception if the load itself goes wrong
     */
    public static void main(String[] args) throws Exception {
        var load = new SoakLoad(Path.of(args[0]), Path.of(args[1]), Long.parseLong(args[2]));
        System.exit(load.run() ? 0 : 1);
    }

    private boolean run() throws InterruptedException {
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            int number = i;
            workers.add(Thread.ofPlatform().start(() -> work(number)));
        }
        while (workers.stream().anyMatch(Thread::isAlive)) {
            TimeUnit.SECONDS.sleep(10);
            System.out.println(this);
        }
        return wrong.sum() == 0 && hopeless.sum() == 0 && slow.sum() == 0 && filesRead.sum() > 0;
    }

    @Override
    public String toString() {
        return "load: " + mounts + " mounts, " + failedMounts + " failed; " + filesRead + " files right, " + failedReads
                + " reads failed and were repeated, " + killed + " readers killed; " + wrong + " files wrong, "
                + hopeless
                + " never readable, " + slow + " reads too slow; longest read "
                + TimeUnit.NANOSECONDS.toMillis(longestRead.get()) + " ms";
    }

    private void work(int worker) {
        var random = new Random(worker);
        String domain = "soak" + worker;
        for (int n = 0; System.nanoTime() - end < 0; n++) {
            try {
                cycle(domain, "image-" + n, random);
            } catch (Exception e) {
                System.out.println("load: " + e);
                failedMounts.increment();
                pause();
            }
            if (n % 10 == 9) {
                // So that the disk does not fill up; what is in use stays readable.
                Shell.sh(
                        "find \"$1\" -type f -delete",
                        cache.resolve("cache/Ierofs," + domain).toString());
            }
        }
    }

    private void cycle(String domain, String name, Random random) throws Exception {
        String epoch = epoch();
        try (ErofsMount mount = ErofsMount.mount("fsid=" + name + ",domain_id=" + domain)) {
            mounts.increment();
            List<Path> order = new ArrayList<>(files);
            Collections.shuffle(order, random);
            for (Path file : order.subList(0, order.size() / 2)) {
                if (random.nextInt(100) == 0) {
                    killAReader(mount.point().resolve(file));
                }
                compare(mount.point().resolve(file), tree.resolve(file), epoch);
            }
        } catch (IOException e) {
            failedMounts.increment();
            pause();
        }
    }

    private void killAReader(Path file) throws InterruptedException {
        Shell.Running reader = Shell.start("cat", file.toString());
        TimeUnit.MILLISECONDS.sleep(20);
        reader.kill();
        reader.await();
        killed.increment();
    }

    private void compare(Path file, Path original, String before) throws IOException {
        byte[] expected = digest(original, false);
        for (int i = 0; i < TRIES; i++) {
            try {
                if (Arrays.equals(expected, digest(file, true))) {
                    filesRead.increment();
                } else {
                    wrong.increment();
                    System.out.println("load: WRONG " + file);
                }
                return;
            } catch (IOException e) {
                failedReads.increment();
            }
        }
        // A mount is without a cache for good when the server has been started again since.
        if (epoch().equals(before)) {
            hopeless.increment();
            System.out.println("load: never readable: " + file);
        }
        throw new IOException("the mount is dead");
    }

    /** Another one for each server. */
    private String epoch() throws IOException {
        return Files.readString(SoakMain.epochFile(cache));
    }

    private byte[] digest(Path file, boolean timed) throws IOException {
        MessageDigest digest = sha256();
        ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (true) {
                long start = System.nanoTime();
                int n;
                try {
                    n = channel.read(buffer.clear());
                } finally {
                    if (timed) {
                        time(file, System.nanoTime() - start);
                    }
                }
                if (n < 0) {
                    return digest.digest();
                }
                digest.update(buffer.flip());
            }
        }
    }

    private void time(Path file, long nanos) {
        longestRead.accumulateAndGet(nanos, Math::max);
        if (nanos > LONGEST_READ_NANOS) {
            slow.increment();
            System.out.println("load: " + file + " took " + TimeUnit.NANOSECONDS.toMillis(nanos) + " ms");
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e); // every Java platform has it
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
