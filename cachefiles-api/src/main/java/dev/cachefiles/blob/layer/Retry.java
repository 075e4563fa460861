// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import dev.cachefiles.blob.Deadline;
import dev.cachefiles.blob.TransientException;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * Tries again what has failed for the moment: sources, and the resolver itself.
 *
 * <p>Between attempts it waits a random time between zero and a bound that doubles with each attempt (full jitter), so that
 * those who failed together do not come back together; and at least as long as the server has asked for with
 * {@link TransientException#retryAfter}. A wait that would outlast the {@linkplain Deadline#current deadline} of the call is
 * not begun: the call fails at once.
 *
 * <p>Not tried again are {@link dev.cachefiles.blob.PermanentException}, the exceptions of files such as
 * {@link java.nio.file.NoSuchFileException}, refused TLS certificates, interrupts and closed channels. Any other
 * {@link IOException} counts as one of the network; {@link Builder#transientIf} decides otherwise.
 *
 * <p>What is thrown in the end is the last failure, with those before as suppressed.
 *
 * <p>Immutable and safe for use by several threads.
 */
public final class Retry implements BlobLayer {
    private final int attempts;
    private final long firstNanos;
    private final long longestNanos;
    private final Predicate<? super IOException> isTransient;
    private final Consumer<? super IOException> listener;
    private final RandomGenerator random;
    private final Ticker ticker;

    private Retry(Builder builder) {
        this.attempts = builder.attempts;
        this.firstNanos = builder.first.toNanos();
        this.longestNanos = builder.longest.toNanos();
        this.isTransient = builder.isTransient;
        this.listener = builder.listener;
        this.random = builder.random;
        this.ticker = builder.ticker;
    }

    /**
     * Gives the usual: 5 attempts, waits of up to 0.1, 0.2, 0.4 and 0.8 seconds.
     *
     * @return the layer
     */
    public static Retry defaults() {
        return builder().build();
    }

    /**
     * Begins to set a layer up.
     *
     * @return a builder, for use by one thread
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Wraps a source.
     *
     * @param source the source
     * @return a source that tries again
     */
    public BlobSource over(BlobSource source) {
        return new RetrySource(source, this);
    }

    @Override
    public BlobSource over(BlobSource source, BlobKey key) {
        return over(source);
    }

    /**
     * Wraps a resolver: it is asked again itself, and so are its sources.
     *
     * @param resolver the resolver
     * @return a resolver that tries again
     */
    @Override
    public BlobResolver over(BlobResolver resolver) {
        Objects.requireNonNull(resolver, "resolver");
        return key -> over(call(() -> resolver.resolve(key)));
    }

    /** What may be tried again. */
    @FunctionalInterface
    interface Call<T> {
        T call() throws IOException;
    }

    <T> T call(Call<T> call) throws IOException {
        try {
            return call.call();
        } catch (IOException e) {
            return again(e, call);
        }
    }

    /** Goes on after the first attempt. */
    <T> T again(IOException first, Call<T> call) throws IOException {
        IOException failure = first;
        for (int attempt = 1; attempt < attempts && mayRepeat(failure); attempt++) {
            long wait = waitNanos(attempt, failure);
            if (wait >= Deadline.current().nanosLeft()) {
                break;
            }
            listener.accept(failure);
            try {
                Failures.sleep(ticker, wait, "waiting for the next attempt");
                return call.call();
            } catch (IOException e) {
                if (!e.equals(failure)) {
                    e.addSuppressed(failure);
                }
                failure = e;
            }
        }
        throw failure;
    }

    private boolean mayRepeat(IOException failure) {
        return isTransient.test(failure) && !Thread.currentThread().isInterrupted();
    }

    private long waitNanos(int attempt, IOException failure) {
        long bound = Math.min(longestNanos, saturatedShift(firstNanos, attempt - 1));
        long jitter = bound == 0 ? 0 : random.nextLong(bound + 1);
        if (failure instanceof TransientException t && t.retryAfter().isPresent()) {
            return Math.max(jitter, saturatedNanos(t.retryAfter().get()));
        }
        return jitter;
    }

    private static long saturatedShift(long nanos, int shift) {
        return shift >= Long.numberOfLeadingZeros(nanos) - 1 ? Long.MAX_VALUE >> 1 : nanos << shift;
    }

    private static long saturatedNanos(Duration time) {
        return time.compareTo(Duration.ofNanos(Long.MAX_VALUE)) >= 0 ? Long.MAX_VALUE : time.toNanos();
    }

    /** Sets a {@link Retry} up. For use by one thread. */
    public static final class Builder {
        private int attempts = 5;
        private Duration first = Duration.ofMillis(100);
        private Duration longest = Duration.ofSeconds(10);
        private Predicate<? super IOException> isTransient = Failures::isTransient;
        private Consumer<? super IOException> listener = failure -> {};
        private RandomGenerator random = new ThreadLocalGenerator();
        private Ticker ticker = Ticker.system();

        private Builder() {}

        /**
         * Sets how often a call is tried.
         *
         * @param count number of attempts with the first one, at least 1; the default is 5
         * @return this
         * @throws IllegalArgumentException if {@code count} is less than 1
         */
        public Builder attempts(int count) {
            if (count < 1) {
                throw new IllegalArgumentException(count + " attempts are less than 1");
            }
            this.attempts = count;
            return this;
        }

        /**
         * Sets the waits between attempts.
         *
         * @param firstBound   longest wait before the second attempt, doubled with each one after; the default is 0.1 s
         * @param longestBound longest wait of all, but for one that a server asks for; the default is 10 s
         * @return this
         * @throws IllegalArgumentException if {@code firstBound} is negative or more than {@code longestBound}
         */
        public Builder waits(Duration firstBound, Duration longestBound) {
            if (firstBound.isNegative() || firstBound.compareTo(longestBound) > 0) {
                throw new IllegalArgumentException(
                        "waits from " + firstBound + " to " + longestBound + " are no range from zero on");
            }
            this.first = firstBound;
            this.longest = longestBound;
            return this;
        }

        /**
         * Sets which failures are tried again.
         *
         * @param test true for those that are
         * @return this
         */
        public Builder transientIf(Predicate<? super IOException> test) {
            this.isTransient = Objects.requireNonNull(test, "test");
            return this;
        }

        /**
         * Sets who hears of each failure after which another attempt follows.
         *
         * @param told told by the thread that waits; must not throw
         * @return this
         */
        public Builder onRetry(Consumer<? super IOException> told) {
            this.listener = Objects.requireNonNull(told, "told");
            return this;
        }

        /**
         * Sets where random numbers come from.
         *
         * @param generator a generator, safe for use by several threads if the layer is used by them
         * @return this
         */
        public Builder random(RandomGenerator generator) {
            this.random = Objects.requireNonNull(generator, "generator");
            return this;
        }

        /**
         * Sets the clock to wait by.
         *
         * @param clock the clock; the default is that of the machine
         * @return this
         */
        public Builder ticker(Ticker clock) {
            this.ticker = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /**
         * Makes the layer.
         *
         * @return the layer
         */
        public Retry build() {
            return new Retry(this);
        }
    }
}
