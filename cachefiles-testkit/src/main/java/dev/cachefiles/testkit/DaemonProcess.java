// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The daemon's process: its fds and limits. The lowest free number is given out, as in a real table: a number that is
 * used after its fd was closed soon means another file.
 *
 * <p>Guarded by the kernel's lock.
 */
final class DaemonProcess {

    /** The first number after standard input, output and error. */
    private static final int FIRST = 3;

    private static final int DEFAULT_LIMIT = 1024;

    private final Map<Integer, FakeAnonFile> fds = new TreeMap<>();

    /** Its fds of the device, which have no numbers here. */
    private final Set<FakeDevice> devices = new LinkedHashSet<>();

    /** Fds of the device that it was started with, by number. */
    private final Map<Integer, OpenDevice> inherited = new TreeMap<>();

    private int fdLimit = DEFAULT_LIMIT;
    private long fileSizeLimit = Long.MAX_VALUE;
    private long hardFileSizeLimit = Long.MAX_VALUE;

    /** Sets {@code RLIMIT_NOFILE}: numbers below it can be given out. */
    void fdLimit(int limit) {
        fdLimit = limit;
    }

    int fdLimit() {
        return fdLimit;
    }

    /** Sets {@code RLIMIT_FSIZE}. */
    void fileSizeLimit(long soft, long hard) {
        fileSizeLimit = soft;
        hardFileSizeLimit = hard;
    }

    /** Sets the soft limit to the hard one, and gives it. */
    long raiseFileSizeLimit() {
        fileSizeLimit = hardFileSizeLimit;
        return fileSizeLimit;
    }

    long fileSizeLimit() {
        return fileSizeLimit;
    }

    /** The lowest free number, or -1 if there is none. */
    int lowestFreeFd() {
        for (int fd = FIRST; fd < fdLimit; fd++) {
            if (!fds.containsKey(fd) && !inherited.containsKey(fd)) {
                return fd;
            }
        }
        return -1;
    }

    void install(int fd, FakeAnonFile file) {
        fds.put(fd, file);
    }

    @Nullable
    FakeAnonFile get(int fd) {
        return fds.get(fd);
    }

    void closed(int fd) {
        fds.remove(fd);
    }

    /** Is started with an fd of the device; gives its number, or -1 if there is none. */
    int inherit(OpenDevice device) {
        int fd = lowestFreeFd();
        if (fd >= 0) {
            inherited.put(fd, device);
        }
        return fd;
    }

    /** Takes the device at a number that it was started with, if there is one. */
    @Nullable
    OpenDevice takeInherited(int fd) {
        return inherited.remove(fd);
    }

    void opened(FakeDevice device) {
        devices.add(device);
    }

    void closed(FakeDevice device) {
        devices.remove(device);
    }

    int openFds() {
        return fds.size();
    }

    List<FakeDevice> devices() {
        return List.copyOf(devices);
    }

    List<FakeAnonFile> fds() {
        return List.copyOf(fds.values());
    }

    /** Ends at once: all its fds are closed, the device's first. The limits stay, for the process that comes next. */
    void kill() {
        List<FakeDevice> killedDevices = devices();
        List<FakeAnonFile> killedFds = fds();
        List<OpenDevice> killedNumbers = List.copyOf(inherited.values());
        devices.clear();
        fds.clear();
        inherited.clear();
        List<Runnable> releases = new ArrayList<>();
        killedNumbers.forEach(device -> releases.add(device.file::close));
        killedDevices.forEach(device -> releases.add(device.kill()));
        killedFds.forEach(fd -> releases.add(fd.kill()));
        releases.forEach(Runnable::run);
    }

    @Override
    public String toString() {
        return fds.toString();
    }
}
