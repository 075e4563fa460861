// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.cache;

import dev.cachefiles.CookieKey;
import dev.cachefiles.VolumeKey;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.BiPredicate;

/**
 * The rules by which a cache is kept within limits.
 *
 * <p>There are two limits. The kernel's own are on the free space of the file system
 * ({@link dev.cachefiles.CacheOptions#blockLimits}, {@link dev.cachefiles.CacheOptions#fileLimits}): below <em>cull</em>,
 * objects are culled until as much is free as <em>run</em> asks for. The other is a budget: when the cache takes more
 * bytes, objects are culled until it takes no more than the target.
 *
 * <p>Immutable and safe for use by several threads, if the predicate for pins is.
 */
public final class CullingPolicy {
    private static final int TARGET_NUMERATOR = 7;
    private static final int TARGET_DENOMINATOR = 8;

    private final long budget;
    private final long target;
    private final BiPredicate<VolumeKey, CookieKey> pins;
    private final boolean dryRun;
    private final Duration interval;

    private CullingPolicy(Builder builder) {
        this.budget = builder.budget;
        this.target = builder.target;
        this.pins = builder.pins;
        this.dryRun = builder.dryRun;
        this.interval = builder.interval;
    }

    /**
     * Starts a set of rules.
     *
     * @return a builder with the limits of the kernel and no others
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Gives the budget.
     *
     * @return number of bytes, or empty if there is none
     */
    public OptionalLong budget() {
        return budget == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(budget);
    }

    /** The budget, or the largest number. */
    long budgetBytes() {
        return budget;
    }

    /** What the cache takes at most after it was culled for the budget. */
    long targetBytes() {
        return target;
    }

    /**
     * Tells whether an object stays in the cache whatever happens.
     *
     * @param volume the key of its volume
     * @param cookie its key
     * @return true if it does
     */
    public boolean isPinned(VolumeKey volume, CookieKey cookie) {
        return pins.test(volume, cookie);
    }

    /**
     * Tells whether nothing is culled, only reported.
     *
     * @return true if so
     */
    public boolean isDryRun() {
        return dryRun;
    }

    /**
     * Gives the time between two looks at the cache.
     *
     * @return the time
     */
    public Duration interval() {
        return interval;
    }

    /** Collects rules. For use by one thread. */
    public static final class Builder {
        private long budget = Long.MAX_VALUE;
        private long target = Long.MAX_VALUE;
        private BiPredicate<VolumeKey, CookieKey> pins = (volume, cookie) -> false;
        private boolean dryRun;
        private Duration interval = Duration.ofSeconds(1);

        private Builder() {}

        /**
         * Sets how many bytes the cache may take on the disk, with its directories and with what is mounted. It may take
         * more while what is mounted does: nothing that is in use is ever culled, and no reader is refused.
         *
         * @param bytes number of bytes, at least 1; when it is exceeded, objects are culled until seven eighths of it are
         *     taken
         * @return this
         * @throws IllegalArgumentException if the number is less than 1
         */
        public Builder budget(long bytes) {
            return budget(bytes, bytes / TARGET_DENOMINATOR * TARGET_NUMERATOR);
        }

        /**
         * Sets how many bytes the cache may take on the disk, and to how many it is brought when it takes more.
         *
         * @param bytes  number of bytes, at least 1
         * @param target number of bytes from 0 to {@code bytes}
         * @return this
         * @throws IllegalArgumentException if a number is out of range
         */
        public Builder budget(long bytes, long target) {
            if (bytes < 1 || target < 0 || target > bytes) {
                throw new IllegalArgumentException(
                        "a cache cannot have a budget of " + bytes + " bytes and a target of " + target);
            }
            this.budget = bytes;
            this.target = target;
            return this;
        }

        /**
         * Keeps objects in the cache, whatever the limits. They are counted all the same.
         *
         * @param pins tells of an object whether it is to stay; called by several threads
         * @return this
         */
        public Builder pin(BiPredicate<VolumeKey, CookieKey> pins) {
            this.pins = Objects.requireNonNull(pins, "pins");
            return this;
        }

        /**
         * Culls nothing, and reports what would be.
         *
         * @return this
         */
        public Builder dryRun() {
            this.dryRun = true;
            return this;
        }

        /**
         * Sets how often the cache is looked at. Writes that exceed the budget, or for which there is no room, do not
         * wait for that.
         *
         * @param interval the time between two looks, positive; the default is a second
         * @return this
         * @throws IllegalArgumentException if the time is not positive
         */
        public Builder interval(Duration interval) {
            if (interval.isNegative() || interval.isZero()) {
                throw new IllegalArgumentException("an interval of " + interval + " is no time");
            }
            this.interval = interval;
            return this;
        }

        /**
         * Makes the rules.
         *
         * @return the rules
         */
        public CullingPolicy build() {
            return new CullingPolicy(this);
        }
    }
}
