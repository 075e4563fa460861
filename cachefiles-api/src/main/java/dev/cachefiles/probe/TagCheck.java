// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import dev.cachefiles.probe.Finding.Topic;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Whether images that were mounted under an earlier daemon would draw new mounts to a cache that has ended: the kernel
 * looks for any cache that has a name, not for the one that is bound.
 */
final class TagCheck {
    private static final Pattern RECORD =
            Pattern.compile("[0-9a-f]+ +-?[0-9]+ +(-?[0-9]+) +-?[0-9]+ +-?[0-9]+ (.) (.*)");
    private static final String ACTIVE = "A";

    private final Machine machine;
    private final Mounts mounts;
    private final String tag;

    TagCheck(Machine machine, Mounts mounts, String tag) {
        this.machine = machine;
        this.mounts = mounts;
        this.tag = tag;
    }

    Finding run() {
        List<Matcher> records = machine.lines("proc/fs/fscache/caches").stream()
                .map(RECORD::matcher)
                .filter(Matcher::matches)
                .toList();
        if (records.stream().anyMatch(record -> record.group(2).equals(ACTIVE))) {
            return Finding.ok(Topic.TAG, "a cache is active");
        }
        String points = mounts.onDemand().stream()
                .map(mount -> mount.point().toString())
                .collect(Collectors.joining(", "));
        for (Matcher record : records) {
            boolean stale = !record.group(1).equals("0");
            if (stale && !record.group(3).equals(tag)) {
                return Finding.error(
                        Topic.TAG,
                        "images are still mounted (" + points + ") from a cache with the tag '" + record.group(3)
                                + "', which has ended; new mounts would go to that, not to '" + tag + "'",
                        "start with the tag '" + record.group(3) + "', or unmount those images first");
            }
            if (stale) {
                return Finding.warning(
                        Topic.TAG,
                        "images are still mounted (" + points + ") from a cache that has ended, and stay without one",
                        "unmount them and mount them again");
            }
        }
        return Finding.ok(Topic.TAG, "no image is mounted from a cache that has ended");
    }
}
