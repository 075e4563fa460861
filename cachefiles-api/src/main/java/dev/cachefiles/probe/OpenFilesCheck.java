// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import dev.cachefiles.probe.Finding.Topic;

/** How many files this process may have open: each blob that is open takes one. */
final class OpenFilesCheck {

    /** What a server asks for, in {@link dev.cachefiles.OnDemandServer}. */
    private static final long FEW = 256;

    private static final String LINE = "Max open files";

    private final Machine machine;

    OpenFilesCheck(Machine machine) {
        this.machine = machine;
    }

    Finding run() {
        long limit = machine.lines("proc/self/limits").stream()
                .filter(line -> line.startsWith(LINE))
                .map(line -> line.substring(LINE.length()).strip().split(" +", -1)[1])
                .mapToLong(hard -> hard.matches("[0-9]+") ? Long.parseLong(hard) : Long.MAX_VALUE)
                .findFirst()
                .orElse(Long.MAX_VALUE);
        if (limit < FEW) {
            return Finding.warning(
                    Topic.OPEN_FILES,
                    "this process may have only " + limit + " files open, and each blob that is open takes one",
                    "raise the hard limit (ulimit -Hn, LimitNOFILE=)");
        }
        return Finding.ok(
                Topic.OPEN_FILES,
                limit == Long.MAX_VALUE
                        ? "this process may have any number of files open"
                        : "this process may have " + limit + " files open");
    }
}
