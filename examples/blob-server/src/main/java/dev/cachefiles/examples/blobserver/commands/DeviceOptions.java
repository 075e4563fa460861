// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.CacheOptions;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that say how a command binds a cache itself. */
final class DeviceOptions {

    @Option(
            names = "--tag",
            paramLabel = "T",
            description = "the cache's tag, that of the daemon (default: ${DEFAULT-VALUE})")
    private String tag = CacheOptions.DEFAULT_TAG;

    @Option(names = "--device", paramLabel = "PATH", description = "the kernel's device (default: ${DEFAULT-VALUE})")
    private Path device = CacheOptions.DEFAULT_DEVICE;

    DeviceOptions() {}

    /** Gives what a cache is bound with; what is wrong is wrong usage. */
    CacheOptions cache(Path directory, CommandLine line) {
        try {
            return CacheOptions.builder(directory).tag(tag).device(device).build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(line, String.valueOf(e.getMessage()), e);
        }
    }
}
