// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.protocol.Command;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a cache is bound with: its directory, its tag, its limits.
 *
 * <p>Everything is checked here, before the kernel hears of it. Immutable and safe for use by several threads.
 *
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">CacheFiles, section "Configuration"</a>
 */
public final class CacheOptions {

    /** Where the kernel has its device. */
    public static final Path DEFAULT_DEVICE = Path.of("/dev/cachefiles");

    /** The kernel's own default tag. */
    public static final String DEFAULT_TAG = "CacheFiles";

    /** The kernel's own default limits: run 7%, cull 5%, stop 1%. */
    public static final Limits DEFAULT_LIMITS = new Limits(7, 5, 1);

    private final Path device;
    private final Path directory;
    private final String tag;
    private final @Nullable String securityContext;
    private final Limits blocks;
    private final Limits files;

    private CacheOptions(Builder builder) {
        this.device = builder.device;
        this.directory = builder.directory;
        this.tag = builder.tag;
        this.securityContext = builder.securityContext;
        this.blocks = builder.blocks;
        this.files = builder.files;
    }

    /**
     * How much must be free on the cache's file system, in percent of all its blocks or files.
     *
     * @param run  above this, culling may end
     * @param cull below this, the kernel asks for culling
     * @param stop below this, nothing more is put into the cache: writes fail with {@code ENOBUFS}
     */
    public record Limits(int run, int cull, int stop) {

        /**
         * Checks the order.
         *
         * @throws IllegalArgumentException unless {@code 0 <= stop < cull < run < 100}
         */
        public Limits {
            if (stop < 0 || stop >= cull || cull >= run || run >= 100) {
                throw new IllegalArgumentException("limits must keep 0 <= stop < cull < run < 100, but stop is " + stop
                        + ", cull " + cull + ", run " + run);
            }
        }
    }

    /**
     * Starts a set of options.
     *
     * @param directory the cache's directory; it must exist on a file system with extended attributes and direct I/O,
     *     such as ext4 or xfs. A relative path is taken from the working directory of the process
     * @return a builder with the kernel's defaults
     * @throws IllegalArgumentException if the path is empty, holds a newline or NUL, starts or ends with a blank, or is
     *     too long
     */
    public static Builder builder(Path directory) {
        return new Builder(directory);
    }

    /**
     * Gives the device.
     *
     * @return the path
     */
    public Path device() {
        return device;
    }

    /**
     * Gives the cache's directory.
     *
     * @return the absolute path
     */
    public Path directory() {
        return directory;
    }

    /**
     * Gives the cache's tag.
     *
     * @return the name
     */
    public String tag() {
        return tag;
    }

    /**
     * Gives the security context that the kernel takes on for the cache.
     *
     * @return the context, or empty for the daemon's own
     */
    public Optional<String> securityContext() {
        return Optional.ofNullable(securityContext);
    }

    /**
     * Gives the limits on free space.
     *
     * @return percent of the blocks
     */
    public Limits blockLimits() {
        return blocks;
    }

    /**
     * Gives the limits on free inodes.
     *
     * @return percent of the files
     */
    public Limits fileLimits() {
        return files;
    }

    /** The commands that set the options, in an order that the kernel takes; {@code bind} is not among them. */
    List<Command> commands() {
        var commands = new ArrayList<Command>();
        addLimits(commands, 'b', blocks);
        addLimits(commands, 'f', files);
        commands.add(Command.of("dir", directory.toString()));
        commands.add(Command.of("tag", tag));
        if (securityContext != null) {
            commands.add(Command.of("secctx", securityContext));
        }
        return commands;
    }

    /** Each command must keep the order of all three against the values that the kernel has at that moment. */
    private static void addLimits(List<Command> commands, char prefix, Limits limits) {
        if (limits.run() == DEFAULT_LIMITS.run()
                && limits.cull() == DEFAULT_LIMITS.cull()
                && limits.stop() == DEFAULT_LIMITS.stop()) { // equals of a record takes milliseconds when first called
            return;
        }
        Command run = limit(prefix, "run", limits.run());
        Command cull = limit(prefix, "cull", limits.cull());
        commands.add(limit(prefix, "stop", 0));
        boolean runFirst = limits.run() > DEFAULT_LIMITS.cull();
        commands.add(runFirst ? run : cull);
        commands.add(runFirst ? cull : run);
        commands.add(limit(prefix, "stop", limits.stop()));
    }

    private static Command limit(char prefix, String name, int percent) {
        return Command.of(prefix + name, percent + "%");
    }

    /** Collects options. For use by one thread. */
    public static final class Builder {
        private final Path directory;
        private Path device = DEFAULT_DEVICE;
        private String tag = DEFAULT_TAG;
        private @Nullable String securityContext;
        private Limits blocks = DEFAULT_LIMITS;
        private Limits files = DEFAULT_LIMITS;

        private Builder(Path directory) {
            if (directory.toString().isEmpty()) {
                throw new IllegalArgumentException("the cache's directory cannot be an empty path");
            }
            this.directory = directory.toAbsolutePath();
            Command.of("dir", this.directory.toString());
        }

        /**
         * Sets the device.
         *
         * @param device the path; the default is {@code /dev/cachefiles}
         * @return this
         */
        public Builder device(Path device) {
            this.device = Objects.requireNonNull(device, "device");
            return this;
        }

        /**
         * Sets the cache's tag. Take the same one at each start: while a mount of an earlier run is still there, new
         * mounts would otherwise attach to the cache that has gone.
         *
         * @param tag the name; the default is {@code CacheFiles}
         * @return this
         * @throws IllegalArgumentException if the name is empty or too long, holds a newline or NUL, or starts or ends
         *     with a blank
         */
        public Builder tag(String tag) {
            Command.of("tag", tag);
            this.tag = tag;
            return this;
        }

        /**
         * Sets the security context that the kernel takes on for the cache; needs a security module.
         *
         * @param context the context
         * @return this
         * @throws IllegalArgumentException if the text is empty or too long, holds a newline or NUL, or starts or ends
         *     with a blank
         */
        public Builder securityContext(String context) {
            Command.of("secctx", context);
            this.securityContext = context;
            return this;
        }

        /**
         * Sets the limits on free space ({@code brun}, {@code bcull}, {@code bstop}).
         *
         * @param limits percent of the blocks; the default is 7, 5 and 1
         * @return this
         */
        public Builder blockLimits(Limits limits) {
            this.blocks = Objects.requireNonNull(limits, "limits");
            return this;
        }

        /**
         * Sets the limits on free inodes ({@code frun}, {@code fcull}, {@code fstop}).
         *
         * @param limits percent of the files; the default is 7, 5 and 1
         * @return this
         */
        public Builder fileLimits(Limits limits) {
            this.files = Objects.requireNonNull(limits, "limits");
            return this;
        }

        /**
         * Makes the options.
         *
         * @return the options
         */
        public CacheOptions build() {
            return new CacheOptions(this);
        }
    }
}
