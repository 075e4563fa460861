// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.kerneltests.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The fds of this process. */
public final class OpenFiles {

    /** What an anonymous fd of cachefiles is called. */
    public static final String ANONYMOUS = "anon_inode:[cachefiles]";

    private static final Path ALL = Path.of("/proc/self/fd");
    private static final int O_CLOEXEC = 0x80000;

    private OpenFiles() {}

    /** The fds that stand for a file. */
    public static List<Integer> of(String target) throws IOException {
        List<Integer> found = new ArrayList<>();
        try (Stream<Path> fds = Files.list(ALL)) {
            for (Path fd : fds.toList()) {
                if (target.equals(target(fd))) {
                    found.add(Integer.valueOf(fd.getFileName().toString()));
                }
            }
        }
        return found;
    }

    private static String target(Path fd) {
        try {
            return Files.readSymbolicLink(fd).toString();
        } catch (IOException e) {
            return "closed"; // meanwhile, such as the fd of the listing
        }
    }

    /** Tells whether a program that this process starts does not get an fd. */
    public static boolean isClosedOnExec(int fd) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd)).stream()
                .filter(line -> line.startsWith("flags:"))
                .mapToInt(line -> Integer.parseInt(line.substring(6).strip(), 8))
                .anyMatch(flags -> (flags & O_CLOEXEC) != 0);
    }
}
