// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm;

import dev.cachefiles.CachefilesException;
import dev.cachefiles.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Tells whether an fd that a process was started with is the device: commands must never be written into another file.
 * Looks only; what it finds is in /proc.
 */
final class InheritedFd {

    /** The major number of the kernel's small devices, {@code MISC_MAJOR}. */
    private static final int MISC_MAJOR = 10;

    private static final int O_ACCMODE = 3;
    private static final int O_RDWR = 2;
    static final Errno ENOTTY = new Errno(25);

    private InheritedFd() {}

    /** Checks an fd of this process. */
    static void check(int fd) throws IOException {
        String subject = "fd " + fd;
        Path link = Path.of("/proc/self/fd/" + fd);
        if (!Files.isSymbolicLink(link)) {
            throw new CachefilesException(
                    subject, Errno.EBADF, "this process has no such fd; whoever starts it must leave it open");
        }
        List<String> info = Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd));
        Set<Integer> numbers = deviceNumbers(Files.readAllLines(Path.of("/proc/misc")));
        if (!isCharacterDevice(link) || !numbers.contains(numberOf(link))) {
            throw new CachefilesException(
                    subject, ENOTTY, "it is not /dev/cachefiles but " + Files.readSymbolicLink(link));
        }
        if ((flags(info) & O_ACCMODE) != O_RDWR) {
            throw new CachefilesException(subject, Errno.EBADF, "it must be open for reading and writing");
        }
    }

    private static boolean isCharacterDevice(Path file) throws IOException {
        return ((int) Files.getAttribute(file, "unix:mode") & 0xf000) == 0x2000;
    }

    private static int numberOf(Path file) throws IOException {
        return ((Number) Files.getAttribute(file, "unix:rdev")).intValue();
    }

    /** The numbers that the module has, from the lines of /proc/misc: a minor number and a name each. */
    static Set<Integer> deviceNumbers(List<String> misc) {
        return misc.stream()
                .map(line -> line.strip().split(" +", 2))
                .filter(fields -> fields.length == 2 && fields[1].equals("cachefiles"))
                .map(fields -> deviceNumber(Integer.parseInt(fields[0])))
                .collect(Collectors.toSet());
    }

    /** {@code makedev(3)}, for a major number below 4096. */
    private static int deviceNumber(int minor) {
        return (minor & 0xff) | (MISC_MAJOR << 8) | ((minor & ~0xff) << 12);
    }

    /** The flags of open(2), from the lines of fdinfo. */
    static int flags(List<String> info) {
        return info.stream()
                .filter(line -> line.startsWith("flags:"))
                .mapToInt(line ->
                        Integer.parseInt(line.substring("flags:".length()).strip(), 8))
                .findFirst()
                .orElse(0);
    }
}
