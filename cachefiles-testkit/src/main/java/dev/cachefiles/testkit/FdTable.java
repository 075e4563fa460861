// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The daemon's table of fds. The lowest free number is given out, as in a real table: a number that is used after its
 * fd was closed soon means another file.
 *
 * <p>Guarded by the kernel's lock.
 */
final class FdTable {

    /** The first number after standard input, output and error. */
    private static final int FIRST = 3;

    private static final int DEFAULT_LIMIT = 1024;

    private final Map<Integer, FakeAnonFile> files = new TreeMap<>();
    private int limit = DEFAULT_LIMIT;
    private long fileSizeLimit = Long.MAX_VALUE;

    /** Sets {@code RLIMIT_NOFILE}: numbers below it can be given out. */
    void limit(int newLimit) {
        limit = newLimit;
    }

    /** Sets {@code RLIMIT_FSIZE}. */
    void fileSizeLimit(long bytes) {
        fileSizeLimit = bytes;
    }

    long fileSizeLimit() {
        return fileSizeLimit;
    }

    int limit() {
        return limit;
    }

    /** The lowest free number, or -1 if there is none. */
    int lowestFree() {
        for (int fd = FIRST; fd < limit; fd++) {
            if (!files.containsKey(fd)) {
                return fd;
            }
        }
        return -1;
    }

    void install(int fd, FakeAnonFile file) {
        files.put(fd, file);
    }

    @Nullable
    FakeAnonFile get(int fd) {
        return files.get(fd);
    }

    void free(int fd) {
        files.remove(fd);
    }

    int size() {
        return files.size();
    }

    @Override
    public String toString() {
        return files.toString();
    }
}
