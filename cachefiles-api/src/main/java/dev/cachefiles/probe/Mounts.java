// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.probe;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** What is mounted where. */
final class Mounts {
    private static final int FIELDS = 4;

    /**
     * A line of {@code /proc/mounts}.
     *
     * @param point   where
     * @param type    the kind of file system
     * @param options its options
     */
    record Mount(Path point, String type, List<String> options) {
        boolean isOnDemand() {
            return type.equals("erofs") && options.stream().anyMatch(option -> option.startsWith("fsid="));
        }
    }

    private final List<Mount> all;

    Mounts(Machine machine) {
        this.all = machine.lines("proc/mounts").stream()
                .map(line -> line.split(" ", -1))
                .filter(fields -> fields.length >= FIELDS)
                .map(fields -> new Mount(Path.of(plain(fields[1])), fields[2], List.of(fields[3].split(",", -1))))
                .toList();
    }

    /** The mount that a real path is on: of the longest points, the last. */
    Optional<Mount> of(Path real) {
        return all.stream()
                .filter(mount -> real.startsWith(mount.point()))
                .reduce((one, next) ->
                        next.point().getNameCount() >= one.point().getNameCount() ? next : one);
    }

    /** Images that are mounted on demand, by where. */
    List<Mount> onDemand() {
        return all.stream()
                .filter(Mount::isOnDemand)
                .sorted(Comparator.comparing(Mount::point))
                .toList();
    }

    /** The kernel writes blanks and the like as an octal number. */
    private static String plain(String field) {
        return field.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
    }
}
