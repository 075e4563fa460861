// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.blob.layer;

import dev.cachefiles.blob.BlobKey;
import dev.cachefiles.blob.BlobResolver;
import dev.cachefiles.blob.BlobSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Asks several mirrors of the same blobs, one after the other, until one has the bytes.
 *
 * <p>The first mirror is asked first, always, unless its {@link CircuitBreaker} is open: after some failures in a row it is
 * left alone for a time, for all blobs, and then probed by one call. When no other mirror has helped, those with an open
 * breaker are asked all the same: a breaker chooses, and refuses no one the last hope.
 *
 * <p>A mirror that says that it has no such blob ({@link java.nio.file.NoSuchFileException}) is believed, unless
 * {@link Builder#missingHere} says that mirrors may lack blobs. Wrong bytes, which a {@link VerifyingSource} in the mirror's
 * resolver finds, are a failure of the mirror: the next one is asked.
 *
 * <p>While there are others to ask, a mirror gets only its share of the time that is left until the deadline; so that one
 * which hangs, and looks at {@link dev.cachefiles.blob.Deadline#current}, leaves time for them.
 *
 * <p>All mirrors of a blob must have the same size, and the same {@linkplain BlobSource#identity digest} where they know
 * one. The first that answers decides; one that differs is not asked for that blob again, and {@link Listener} hears of it.
 *
 * <p>Safe for use by several threads.
 */
public final class Failover implements BlobResolver {
    private final List<Mirror> mirrors;
    private final boolean missingHere;
    private final Listener listener;

    /** A mirror, for all blobs. */
    record Mirror(String name, BlobResolver resolver, CircuitBreaker breaker) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** Hears of failures that a later mirror may make good. */
    @FunctionalInterface
    public interface Listener {

        /**
         * A mirror has failed. Called by the thread that asks; must not throw.
         *
         * @param mirror its name
         * @param key    the blob
         * @param cause  what it threw
         */
        void failed(String mirror, BlobKey key, Throwable cause);
    }

    private Failover(Builder builder) {
        if (builder.names.isEmpty()) {
            throw new IllegalArgumentException("there is no mirror");
        }
        var list = new ArrayList<Mirror>();
        for (int i = 0; i < builder.names.size(); i++) {
            var breaker = new CircuitBreaker(builder.failures, builder.first, builder.longest, builder.ticker);
            list.add(new Mirror(builder.names.get(i), builder.resolvers.get(i), breaker));
        }
        this.mirrors = List.copyOf(list);
        this.missingHere = builder.missingHere;
        this.listener = builder.listener;
    }

    /**
     * Begins to set it up.
     *
     * @return a builder, for use by one thread
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Finds a blob, without asking any mirror: that is done when its size is wanted.
     *
     * @param key the blob's name
     * @return the source
     */
    @Override
    public BlobSource resolve(BlobKey key) {
        return new FailoverSource(key, mirrors, missingHere, listener);
    }

    /**
     * Tells whether a mirror is left alone, or only probed.
     *
     * @param mirror its name
     * @return true if its breaker is open
     * @throws IllegalArgumentException if there is no such mirror
     */
    public boolean isLeftAlone(String mirror) {
        return mirrors.stream()
                .filter(candidate -> candidate.name().equals(mirror))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no mirror " + mirror + " among " + mirrors))
                .breaker()
                .isOpen();
    }

    /** Sets a {@link Failover} up. For use by one thread. */
    public static final class Builder {
        private final List<String> names = new ArrayList<>();
        private final List<BlobResolver> resolvers = new ArrayList<>();
        private int failures = 3;
        private Duration first = Duration.ofSeconds(2);
        private Duration longest = Duration.ofMinutes(1);
        private boolean missingHere;
        private Listener listener = (mirror, key, cause) -> {};
        private Ticker ticker = Ticker.system();

        private Builder() {}

        /**
         * Adds a mirror, to be asked after those before.
         *
         * @param name     its name for people, such as its address
         * @param resolver where its sources come from
         * @return this
         */
        public Builder mirror(String name, BlobResolver resolver) {
            names.add(Objects.requireNonNull(name, "name"));
            resolvers.add(Objects.requireNonNull(resolver, "resolver"));
            return this;
        }

        /**
         * Sets whether a mirror may lack blobs that others have.
         *
         * @param may true to ask the next mirror where one says that there is no such blob; the default is false
         * @return this
         */
        public Builder missingHere(boolean may) {
            this.missingHere = may;
            return this;
        }

        /**
         * Sets when a mirror is left alone, and for how long.
         *
         * @param failuresInARow how many, at least 1; the default is 3
         * @param firstTime      at first, positive; the default is 2 s
         * @param longestTime    at most, after failed probes; the default is 1 minute
         * @return this
         */
        public Builder breaker(int failuresInARow, Duration firstTime, Duration longestTime) {
            this.failures = failuresInARow;
            this.first = Objects.requireNonNull(firstTime, "firstTime");
            this.longest = Objects.requireNonNull(longestTime, "longestTime");
            return this;
        }

        /**
         * Sets who hears of failures.
         *
         * @param told the listener
         * @return this
         */
        public Builder listener(Listener told) {
            this.listener = Objects.requireNonNull(told, "told");
            return this;
        }

        /**
         * Sets the clock of the breakers.
         *
         * @param clock the clock; the default is that of the machine
         * @return this
         */
        public Builder ticker(Ticker clock) {
            this.ticker = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /**
         * Makes the resolver.
         *
         * @return the resolver
         * @throws IllegalArgumentException if there is no mirror, or what {@link #breaker} was given is out of range
         */
        public Failover build() {
            return new Failover(this);
        }
    }
}
