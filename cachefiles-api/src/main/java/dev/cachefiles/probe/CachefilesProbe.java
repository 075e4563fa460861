// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import dev.cachefiles.CacheOptions;
import dev.cachefiles.CachefilesChannel;
import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import dev.cachefiles.probe.Finding.Severity;
import dev.cachefiles.probe.Finding.Topic;
import dev.cachefiles.spi.CachefilesProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;

/**
 * Looks why a cache cannot be set up, and names cause and cure of each thing that stands in the way.
 *
 * <p>Looks at the kernel's configuration, the rights and limits of the process, the device and who has it, the directory,
 * what its file system can do and has free, and mounts of earlier daemons. At the end, if the device is there, it binds
 * the cache for a moment, which makes the directories {@code cache} and {@code graveyard} as a daemon would. If the
 * device is open in another process that fails and disturbs no one; a daemon that starts in that moment, though, finds
 * the device busy.
 *
 * <p>Safe for use by several threads; but then they may find each other.
 */
public final class CachefilesProbe {
    private final CacheOptions options;
    private final CachefilesProvider provider;
    private final Machine machine;

    CachefilesProbe(CacheOptions options, CachefilesProvider provider, Path root) {
        this.options = Objects.requireNonNull(options, "options");
        this.provider = provider;
        this.machine = new Machine(root);
    }

    /**
     * Probes this machine, with the provider found by {@link ServiceLoader}. Blocks on the file system of the cache.
     *
     * @param options the cache
     * @return what was found
     * @throws UnsupportedOperationException if there is no provider
     */
    public static ProbeReport run(CacheOptions options) {
        return run(
                options,
                ServiceLoader.load(CachefilesProvider.class)
                        .findFirst()
                        .orElseThrow(() -> new UnsupportedOperationException(
                                "no provider of the native side found; add the module dev.cachefiles.ffm")));
    }

    /**
     * Probes this machine, with a given provider.
     *
     * @param options  the cache
     * @param provider what makes the system calls
     * @return what was found
     */
    public static ProbeReport run(CacheOptions options, CachefilesProvider provider) {
        return new CachefilesProbe(options, provider, Path.of("/")).look();
    }

    ProbeReport look() {
        var mounts = new Mounts(machine);
        List<Finding> findings = new ArrayList<>();
        try {
            findings.addAll(new KernelCheck(machine).run());
            findings.add(new PrivilegeCheck(machine).run());
            findings.add(new DeviceCheck(machine, options.device()).run());
            findings.addAll(new DirectoryCheck(options.directory(), mounts, provider).run());
            findings.addAll(new SpaceCheck(options).run(provider));
            findings.add(new TagCheck(machine, mounts, options.tag()).run());
            findings.add(new OpenFilesCheck(machine).run());
            setUp(findings);
        } catch (UnsupportedOperationException e) {
            findings.add(Finding.error(Topic.SET_UP, String.valueOf(e.getMessage()), ""));
        }
        return new ProbeReport(findings);
    }

    /** The kernel has the last word; but where a cause was named already, its errno adds nothing. */
    private void setUp(List<Finding> findings) {
        boolean explained = findings.stream().anyMatch(finding -> finding.severity() == Severity.ERROR);
        try {
            CachefilesChannel.open(options, provider).close();
            findings.add(Finding.ok(Topic.SET_UP, "the kernel has bound the cache"));
        } catch (CachefilesException e) {
            if (!explained) {
                findings.add(cause(e));
            }
        } catch (IOException e) {
            findings.add(Finding.error(Topic.SET_UP, e.toString(), ""));
        }
    }

    private Finding cause(CachefilesException e) {
        String what = e.subject() + ": " + e.errno();
        if (e.errno().equals(Errno.EBUSY) && e.subject().equals(options.device().toString())) {
            return new DeviceCheck(machine, options.device())
                    .busy()
                    .orElseGet(() -> Finding.error(
                            Topic.DEVICE,
                            options.device() + " is open in a process that this one cannot see",
                            "look for it as root, outside of containers (fuser -v " + options.device() + ")"));
        }
        return Finding.error(Topic.SET_UP, what, e.cure().orElse(""));
    }
}
