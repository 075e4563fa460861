// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

import java.util.Map;
import java.util.Optional;

/**
 * An fd of {@code /dev/cachefiles} that this process was started with: by a supervisor that keeps the device open while
 * its daemons come and go.
 *
 * <p>A process of Java cannot be that supervisor: those that it starts inherit nothing but standard input, output and
 * error. A shell can, as can any program that opens the device and starts the daemon; and so can systemd.
 *
 * @param number the fd, not negative
 * @see CachefilesChannel#adopt
 */
public record DeviceFd(int number) {

    /** Where the fds begin that a service manager passes ({@code SD_LISTEN_FDS_START}). */
    private static final int FIRST_PASSED = 3;

    /**
     * Checks the number.
     *
     * @throws IllegalArgumentException if {@code number} is negative
     */
    public DeviceFd {
        if (number < 0) {
            throw new IllegalArgumentException("an fd cannot be " + number);
        }
    }

    /**
     * Finds the fd that a service manager has passed to this process, in the way of systemd: the environment variables
     * {@code LISTEN_PID}, {@code LISTEN_FDS} and {@code LISTEN_FDNAMES}; see sd_listen_fds(3).
     *
     * @param name the name that the fd has there, such as that of {@code OpenFile=} or {@code FDNAME=}
     * @return the fd, or empty if none of that name was passed to this process
     */
    public static Optional<DeviceFd> passed(String name) {
        return passed(name, System.getenv(), ProcessHandle.current().pid());
    }

    static Optional<DeviceFd> passed(String name, Map<String, String> environment, long pid) {
        String count = environment.getOrDefault("LISTEN_FDS", "");
        if (!environment.getOrDefault("LISTEN_PID", "").equals(Long.toString(pid)) || !count.matches("[0-9]{1,4}")) {
            return Optional.empty();
        }
        String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
        for (int i = 0; i < Math.min(names.length, Integer.parseInt(count)); i++) {
            if (names[i].equals(name)) {
                return Optional.of(new DeviceFd(FIRST_PASSED + i));
            }
        }
        return Optional.empty();
    }

    /**
     * Gives the fd in the form used in logs, such as {@code fd 3}.
     *
     * @return the text
     */
    @Override
    public String toString() {
        return "fd " + number;
    }
}
