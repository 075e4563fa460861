// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm.libc;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.MemoryLayout.PathElement.sequenceElement;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

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
    private static final VarHandle FD = ARRAY.varHandle(sequenceElement(), groupElement("fd"));
    private static final VarHandle EVENTS = ARRAY.varHandle(sequenceElement(), groupElement("events"));
    private static final VarHandle REVENTS = ARRAY.varHandle(sequenceElement(), groupElement("revents"));

    /** Makes an array for input on two fds. */
    public static PollFds of(int first, int second) {
        MemorySegment segment = Arena.ofAuto().allocate(ARRAY);
        FD.set(segment, 0L, 0L, first);
        EVENTS.set(segment, 0L, 0L, POLLIN);
        FD.set(segment, 0L, 1L, second);
        EVENTS.set(segment, 0L, 1L, POLLIN);
        return new PollFds(segment);
    }

    /** Makes an array for output on one fd; the other is none, which poll passes over. */
    public static PollFds ofOutput(int fd) {
        PollFds fds = of(fd, -1);
        EVENTS.set(fds.segment, 0L, 0L, POLLOUT);
        return fds;
    }

    /** The number of fds. */
    int count() {
        return (int) ARRAY.elementCount();
    }

    /** What the last poll has found for an fd, by its index: bits such as {@link #POLLIN}. */
    public short found(int index) {
        return (short) REVENTS.get(segment, 0L, (long) index);
    }
}
