// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.support;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is mounted where.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html">proc_pid_mountinfo(5)</a>
 */
public final class MountTable {

    /** What this process sees. */
    public static final Path SELF = Path.of("/proc/self/mountinfo");

    private final List<Mount> mounts;

    /**
     * A mounted file system.
     *
     * @param point   where
     * @param type    the file system's name, such as {@code erofs}
     * @param options the options of the file system itself, such as {@code ro,fsid=image}
     */
    public record Mount(Path point, String type, String options) {

        /**
         * Tells whether a daemon supplies the bytes of this file system through cachefiles.
         *
         * @return whether it is so
         */
        public boolean isOnDemand() {
            return type.equals("erofs")
                    && ("," + options).contains(",fsid="); // without it the image is on a block device or in a file
        }
    }

    private MountTable(List<Mount> mounts) {
        this.mounts = mounts;
    }

    /**
     * Reads a table.
     *
     * @param mountInfo the file
     * @return the table; an empty one if there is no such file, as where /proc is not mounted
     * @throws IOException if it cannot be read
     */
    public static MountTable read(Path mountInfo) throws IOException {
        if (!Files.isReadable(mountInfo)) {
            return new MountTable(List.of());
        }
        var mounts = new ArrayList<Mount>();
        // ISO-8859-1 takes any bytes; a mount point that is not ASCII is then not found, and nothing is checked there.
        for (String line : Files.readAllLines(mountInfo, StandardCharsets.ISO_8859_1)) {
            // 36 35 98:0 /root /mount/point rw,noatime master:1 - erofs none ro,fsid=image
            int separator = line.indexOf(" - ");
            String[] left = line.split(" ", -1);
            String[] right = separator < 0
                    ? new String[0]
                    : line.substring(separator + 3).split(" ", -1);
            if (left.length >= 5 && right.length >= 3) {
                mounts.add(new Mount(Path.of(unescape(left[4])), right[0], right[2]));
            }
        }
        return new MountTable(mounts);
    }

    /**
     * Finds the mount that a file is on.
     *
     * @param realPath where it really is
     * @return the mount, or empty if the table has none
     */
    public Optional<Mount> of(Path realPath) {
        Mount found = null;
        for (Mount mount : mounts) {
            boolean deeper = found == null
                    || mount.point().getNameCount() >= found.point().getNameCount();
            if (realPath.startsWith(mount.point()) && deeper) {
                found = mount; // of two at one point, the later one lies on top
            }
        }
        return Optional.ofNullable(found);
    }

    /** The kernel writes blanks, tabs, newlines and backslashes as a backslash and three octal digits. */
    private static String unescape(String field) {
        var text = new StringBuilder();
        for (int i = 0; i < field.length(); i++) {
            if (field.charAt(i) == '\\' && i + 3 < field.length()) {
                text.append((char) Integer.parseInt(field.substring(i + 1, i + 4), 8));
                i += 3;
            } else {
                text.append(field.charAt(i));
            }
        }
        return text.toString();
    }
}
