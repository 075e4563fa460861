// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import dev.cachefiles.probe.Finding.Topic;

/** Whether this process may open the device. */
final class PrivilegeCheck {
    private static final int CAP_SYS_ADMIN = 21;
    private static final String EFFECTIVE = "CapEff:";

    /** All users of the system, each under its own number: the initial user namespace. */
    private static final String ALL_USERS = "0 0 4294967295";

    private final Machine machine;

    PrivilegeCheck(Machine machine) {
        this.machine = machine;
    }

    Finding run() {
        if (machine.lines("proc/self/uid_map").stream().anyMatch(line -> !isInitial(line))) {
            return Finding.error(
                    Topic.PRIVILEGE,
                    "this process is in a user namespace, in which no capability opens the device",
                    "run it outside, without user namespaces (docker: no userns-remap; podman: as root), or hand it the"
                            + " open device");
        }
        if (machine.lines("proc/self/status").stream().anyMatch(PrivilegeCheck::lacksAdmin)) {
            return Finding.error(
                    Topic.PRIVILEGE,
                    "this process lacks the capability CAP_SYS_ADMIN, without which the device cannot be opened",
                    "run it as root, with the capability (systemd: AmbientCapabilities=CAP_SYS_ADMIN; docker: --cap-add"
                            + " SYS_ADMIN), or hand it the open device");
        }
        return Finding.ok(Topic.PRIVILEGE, "this process has the capability CAP_SYS_ADMIN");
    }

    private static boolean isInitial(String line) {
        return line.strip().replaceAll(" +", " ").equals(ALL_USERS);
    }

    private static boolean lacksAdmin(String line) {
        if (!line.startsWith(EFFECTIVE)) {
            return false;
        }
        long bits = Long.parseUnsignedLong(line.substring(EFFECTIVE.length()).strip(), 16);
        return (bits >> CAP_SYS_ADMIN & 1) == 0;
    }
}
