// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells whether disks are busy: whether tasks of this machine have waited for I/O for a larger share of the last 10 seconds
 * than allowed, as Linux reports in {@code /proc/pressure/io} ({@code some avg10}; since 4.20, if built with PSI). Where
 * there is no such file, disks are never busy. Looks at most once a second. Safe for use by several threads.
 */
public final class IoPressure implements BooleanSupplier {
    private static final Path FILE = Path.of("/proc/pressure/io");
    private static final Pattern SOME = Pattern.compile("^some avg10=([0-9]+(?:\\.[0-9]+)?)", Pattern.MULTILINE);
    private static final long LOOK_AGAIN_NANOS = Duration.ofSeconds(1).toNanos();

    private final Path file;
    private final double percent;
    private final Ticker ticker;
    private final ReentrantLock looking = new ReentrantLock();
    private long looked;
    private volatile boolean busy;

    /**
     * Sets the limit.
     *
     * @param percent share of time up to which disks are not busy, from 0 to 100
     * @throws IllegalArgumentException if it is out of range
     */
    public IoPressure(double percent) {
        this(FILE, percent, Ticker.system());
    }

    IoPressure(Path file, double percent, Ticker ticker) {
        if (!(percent >= 0 && percent <= 100)) {
            throw new IllegalArgumentException(percent + " % is not from 0 to 100");
        }
        this.file = file;
        this.percent = percent;
        this.ticker = Objects.requireNonNull(ticker, "ticker");
        this.looked = ticker.nanoTime() - LOOK_AGAIN_NANOS;
    }

    @Override
    public boolean getAsBoolean() {
        if (looking.tryLock()) {
            try {
                long now = ticker.nanoTime();
                if (now - looked >= LOOK_AGAIN_NANOS) {
                    busy = look() > percent;
                    looked = now;
                }
            } finally {
                looking.unlock();
            }
        }
        return busy;
    }

    private double look() {
        try {
            Matcher some = SOME.matcher(Files.readString(file));
            return some.find() ? Double.parseDouble(some.group(1)) : 0;
        } catch (IOException e) {
            return 0; // no such file, or PSI is off at boot and reading it fails
        }
    }
}
