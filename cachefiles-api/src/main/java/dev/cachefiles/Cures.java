// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import dev.cachefiles.protocol.Command;

/** What an errno of a set-up command means, and the way out: the one place where it is worded. */
final class Cures {

    private Cures() {}

    /** The failure of a command while the cache is set up. */
    static CachefilesException setUp(Command command, Errno errno, CacheOptions options) {
        return new CachefilesException(command.text(), errno, cure(command, errno, options));
    }

    /** The failure of taking over an open device. */
    static CachefilesException adopt(DeviceFd fd, Errno errno) {
        String cure = "";
        if (errno.equals(Errno.EIO)) {
            cure = "its cache is dead: the kernel has given it up after an error of the file system, or its daemon had"
                    + " closed the device; close it everywhere, then open it anew";
        } else if (errno.equals(Errno.EOPNOTSUPP)) {
            cure = "its cache is bound without the on-demand mode, or this kernel cannot deliver again what its daemon"
                    + " has left unanswered (Linux 6.8, 6.1.95); close it everywhere, then open it anew";
        }
        return new CachefilesException(fd.toString(), errno, cure);
    }

    private static String cure(Command command, Errno errno, CacheOptions options) {
        if (command.text().startsWith("secctx")) {
            return errno.equals(Errno.EOPNOTSUPP)
                    ? "this kernel has no security module that knows contexts; leave the option out"
                    : "";
        }
        if (errno.equals(Errno.EEXIST)) {
            return "this device was set up before, without success; close it and open it anew";
        }
        if (!command.text().startsWith("bind")) {
            return "";
        }
        String directory = options.directory().toString();
        if (errno.equals(Errno.EINVAL)) {
            return "this kernel has no on-demand mode; it needs CONFIG_CACHEFILES_ONDEMAND (Linux 5.19 or later)";
        }
        if (errno.equals(Errno.ENOENT)) {
            return directory + " does not exist; create it (mkdir -p " + directory + ")";
        }
        if (errno.equals(Errno.ENOTDIR)) {
            return directory + " is not a directory, or a symbolic link to one, which the kernel does not follow";
        }
        if (errno.equals(Errno.EOPNOTSUPP)) {
            return directory + " is on a file system without extended attributes, O_TMPFILE or direct I/O, or with"
                    + " blocks larger than a page; use a directory on ext4 or xfs";
        }
        if (errno.equals(Errno.EROFS)) {
            return directory + " is on a read-only file system";
        }
        if (errno.equals(Errno.EBUSY)) {
            return "the tag '" + options.tag() + "' is taken by another cache, or another cache uses " + directory
                    + "; see /proc/fs/fscache/caches";
        }
        if (errno.equals(Errno.ENOBUFS)) {
            return "the file system of " + directory
                    + " has fewer free blocks or inodes than the limits bstop and fstop"
                    + " ask for; free some (a volume takes 257 inodes), or lower the limits";
        }
        if (errno.equals(Errno.EACCES)) {
            return "the daemon may not use " + directory;
        }
        return "";
    }
}
