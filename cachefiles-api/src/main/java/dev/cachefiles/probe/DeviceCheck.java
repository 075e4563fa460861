// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import dev.cachefiles.probe.Finding.Topic;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Whether there is a device, and whether anyone has it. Does not open it. */
final class DeviceCheck {
    private static final String ANONYMOUS = "anon_inode:[cachefiles]";

    private final Machine machine;
    private final Path device;

    DeviceCheck(Machine machine, Path device) {
        this.machine = machine;
        this.device = device;
    }

    Finding run() {
        boolean known = machine.lines("proc/misc").stream().anyMatch(line -> line.endsWith(" cachefiles"));
        if (!Files.exists(device)) {
            return known
                    ? Finding.error(
                            Topic.DEVICE,
                            device + " is not there, although the kernel has it",
                            "if this is a container, pass the device on (docker: --device " + device + ")")
                    : Finding.error(
                            Topic.DEVICE,
                            device + " is not there, and the kernel has no such device",
                            "load the module (modprobe cachefiles); if there is none, use a kernel with"
                                    + " CONFIG_CACHEFILES and CONFIG_CACHEFILES_ONDEMAND");
        }
        return busy().orElseGet(() -> Finding.ok(Topic.DEVICE, device + " is there and nobody is seen to have it"));
    }

    /** Says who has the device, if anyone is seen to. */
    Optional<Finding> busy() {
        List<String> daemons = machine.holders(device.toString());
        if (!daemons.isEmpty()) {
            return Optional.of(Finding.error(
                    Topic.DEVICE,
                    device + " is open in process " + String.join(", ", daemons)
                            + ", and one process at a time can have it",
                    "let that one serve, or stop it (systemctl stop cachefilesd, if it is that)"));
        }
        List<String> heirs = machine.holders(ANONYMOUS);
        if (!heirs.isEmpty()) {
            return Optional.of(Finding.error(
                    Topic.DEVICE,
                    "the cache of a daemon that has ended is kept busy by process " + String.join(", ", heirs)
                            + ", which has inherited an fd of it",
                    "end that process"));
        }
        return Optional.empty();
    }
}
