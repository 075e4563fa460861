// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.TransientException;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;

/**
 * A rate of bytes, with bursts: it fills steadily, holds so much, and who takes more than it holds waits until that has
 * flowed in. Safe for use by several threads, which wait in the order in which they came.
 */
public final class TokenBucket {
    private final double bytesPerNano;
    private final double burst;
    private final Ticker ticker;

    private double available;
    private long updated;

    /**
     * Makes a full bucket by the clock of the machine.
     *
     * @param bytesPerSecond bytes that flow in per second, positive
     * @param burst          bytes that it holds, positive
     * @throws IllegalArgumentException if a number is not positive
     */
    public TokenBucket(long bytesPerSecond, long burst) {
        this(bytesPerSecond, burst, Ticker.system());
    }

    /**
     * Makes a full bucket.
     *
     * @param bytesPerSecond bytes that flow in per second, positive
     * @param burst          bytes that it holds, positive
     * @param ticker         the clock
     * @throws IllegalArgumentException if a number is not positive
     */
    public TokenBucket(long bytesPerSecond, long burst, Ticker ticker) {
        if (bytesPerSecond <= 0 || burst <= 0) {
            throw new IllegalArgumentException(
                    bytesPerSecond + " bytes per second in bursts of " + burst + " are not positive");
        }
        this.bytesPerNano = bytesPerSecond / 1e9;
        this.burst = (double) burst;
        this.ticker = Objects.requireNonNull(ticker, "ticker");
        this.available = this.burst;
        this.updated = ticker.nanoTime();
    }

    /**
     * Takes bytes, and waits until they are there. More than the bucket holds may be taken at once.
     *
     * @param bytes how many, not negative
     * @throws TransientException             if they will not be there before the current {@link Deadline}: then none
     *     is taken, and it says when to come again
     * @throws java.io.InterruptedIOException if the thread is interrupted; then none is taken
     * @throws IOException                    as these two say
     */
    public void take(long bytes) throws IOException {
        long wait = reserve(bytes);
        if (wait == 0) {
            return;
        }
        boolean taken = false;
        try {
            if (wait >= Deadline.current().nanosLeft()) {
                throw new TransientException(
                        "the limit of the rate does not let " + bytes + " bytes through before the deadline",
                        Duration.ofNanos(wait));
            }
            Failures.sleep(ticker, wait, "waiting for its turn under the limit of the rate");
            taken = true;
        } finally {
            if (!taken) {
                giveBack(bytes);
            }
        }
    }

    /** Takes bytes, on credit if need be; gives the time until they are there. */
    private synchronized long reserve(long bytes) {
        long now = ticker.nanoTime();
        available = Math.min(burst, available + (now - updated) * bytesPerNano) - bytes;
        updated = now;
        return available >= 0 ? 0 : (long) Math.ceil(-available / bytesPerNano);
    }

    private synchronized void giveBack(long bytes) {
        available += bytes;
    }
}
