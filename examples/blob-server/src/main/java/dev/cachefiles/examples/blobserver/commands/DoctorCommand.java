// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.commands;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.probe.CachefilesProbe;
import dev.cachefiles.probe.Finding;
import dev.cachefiles.probe.Finding.Severity;
import dev.cachefiles.probe.ProbeReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code blob-server doctor}: why a cache cannot be set up. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Looks why a cache cannot be set up: at the kernel, the rights and limits of this process, the device and who"
                    + " has it, the directory, its file system and what is free there, and mounts of earlier daemons;"
                    + " then binds the cache for a moment. Names the cure of each thing that stands in the way.",
            "",
            "Run it as the daemon's user. It does not disturb a daemon that runs.",
            ""
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:a cache can be set up; there may be warnings", "1:it cannot", "2:wrong usage"})
public final class DoctorCommand implements Callable<Integer> {
    private static final int CANNOT_SERVE = 1;

    private final Function<CacheOptions, ProbeReport> probe;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--cache-dir", required = true, paramLabel = "DIR", description = "where the cache is or is to be")
    private Path cacheDirectory = Path.of("");

    @Mixin
    private DeviceOptions cache = new DeviceOptions();

    /** Makes the command. */
    public DoctorCommand() {
        this(CachefilesProbe::run);
    }

    DoctorCommand(Function<CacheOptions, ProbeReport> probe) {
        this.probe = probe;
    }

    @Override
    public Integer call() {
        CacheOptions options = cache.cache(cacheDirectory, Commands.line(spec));
        PrintWriter out = Commands.line(spec).getOut();
        ProbeReport report = probe.apply(options);
        for (Finding finding : report.findings()) {
            out.printf("%-7s  %-11s  %s%n", word(finding.severity()), word(finding.topic()), finding.what());
            finding.remedy().ifPresent(cure -> out.printf("%22s-> %s%n", "", cure));
        }
        out.flush();
        return report.worst() == Severity.ERROR ? CANNOT_SERVE : 0;
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
