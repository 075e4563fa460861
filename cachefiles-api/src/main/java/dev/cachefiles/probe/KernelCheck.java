// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import dev.cachefiles.probe.Finding.Topic;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How the kernel was built, as far as it says so. */
final class KernelCheck {
    private static final String DEVICE = "CONFIG_CACHEFILES";
    private static final String ON_DEMAND = "CONFIG_CACHEFILES_ONDEMAND";
    private static final String EROFS = "CONFIG_EROFS_FS";
    private static final String EROFS_ON_DEMAND = "CONFIG_EROFS_FS_ONDEMAND";

    private final Machine machine;

    KernelCheck(Machine machine) {
        this.machine = machine;
    }

    List<Finding> run() {
        String release =
                machine.lines("proc/sys/kernel/osrelease").stream().findFirst().orElse("?");
        Optional<List<String>> config = machine.firstOf(
                List.of("proc/config.gz", "boot/config-" + release, "lib/modules/" + release + "/config"));
        if (config.isEmpty()) {
            return List.of(Finding.ok(
                    Topic.KERNEL,
                    "Linux " + release + " does not say how it was built: no /proc/config.gz, no /boot/config-"
                            + release));
        }
        return findings(release, options(config.get()));
    }

    private List<Finding> findings(String release, Map<String, String> options) {
        List<Finding> findings = new ArrayList<>();
        for (String needed : List.of(DEVICE, ON_DEMAND)) {
            if (!options.containsKey(needed)) {
                findings.add(Finding.error(
                        Topic.KERNEL,
                        "Linux " + release + " was built without " + needed,
                        "use a kernel that has " + DEVICE + " and " + ON_DEMAND + " (Linux 5.19 or later)"));
            }
        }
        for (String needed : List.of(EROFS, EROFS_ON_DEMAND)) {
            if (!options.containsKey(needed)) {
                findings.add(Finding.warning(
                        Topic.KERNEL,
                        "Linux " + release + " was built without " + needed
                                + ", so that it can serve a cache but mounts no image from it",
                        "use a kernel that has " + EROFS + " and " + EROFS_ON_DEMAND));
            }
        }
        if (findings.isEmpty()) {
            findings.add(Finding.ok(Topic.KERNEL, "Linux " + release + " has the on-demand mode"));
        }
        return findings;
    }

    private static Map<String, String> options(List<String> lines) {
        Map<String, String> options = new HashMap<>();
        for (String line : lines) {
            String[] parts = line.split("=", 2);
            if (parts.length == 2 && (parts[1].equals("y") || parts[1].equals("m"))) {
                options.put(parts[0], parts[1]);
            }
        }
        return options;
    }
}
