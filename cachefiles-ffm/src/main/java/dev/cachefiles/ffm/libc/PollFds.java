// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm.libc;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.StructLayout;

/**
 * An array of {@code struct pollfd} that waits for input; see poll(2). For use by one thread.
 *
 * @param segment the array
 */
public record PollFds(MemorySegment segment) {

    /** {@code struct pollfd}. */
    static final StructLayout POLLFD = MemoryLayout.structLayout(
            JAVA_INT.withName("fd"), JAVA_SHORT.withName("events"), JAVA_SHORT.withName("revents"));

    /** There is data to read. */
    public static final short POLLIN = 0x001;

    /** Data can be written; of the device, that the kernel asks for culling. */
    public static final short POLLOUT = 0x004;

    private static final SequenceLayout ARRAY = MemoryLayout.sequenceLayout(2, POLLFD);
    private static final long REVENTS = LibC.offset(POLLFD, "revents");

    /** Makes an array for input on two fds. */
    public static PollFds of(int first, int second) {
        MemorySegment segment = Arena.ofAuto().allocate(ARRAY);
        var fds = new PollFds(segment);
        fds.watch(0, first, POLLIN);
        fds.watch(1, second, POLLIN);
        return fds;
    }

    /** Makes an array for output on one fd; the other is none, which poll passes over. */
    public static PollFds ofOutput(int fd) {
        PollFds fds = of(fd, -1);
        fds.watch(0, fd, POLLOUT);
        return fds;
    }

    private void watch(int index, int fd, short events) {
        long pollFd = index * POLLFD.byteSize();
        segment.set(JAVA_INT, pollFd + LibC.offset(POLLFD, "fd"), fd);
        segment.set(JAVA_SHORT, pollFd + LibC.offset(POLLFD, "events"), events);
    }

    /** The number of fds. */
    int count() {
        return (int) ARRAY.elementCount();
    }

    /** What the last poll has found for an fd, by its index: bits such as {@link #POLLIN}. */
    public short found(int index) {
        return segment.get(JAVA_SHORT, index * POLLFD.byteSize() + REVENTS);
    }
}
