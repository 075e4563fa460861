// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm.libc;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** Pins numbers and layouts to the kernel's headers. */
class LayoutTest {

    @Test
    void read_complete_has_the_number_of_the_kernels_header() {
        assertEquals(0x40049801L, Ioctl.READ_COMPLETE);
    }

    @Test
    void an_ioctl_number_has_room_for_its_parts_only() {
        assertEquals(0x7fffffffL, Ioctl.iow(0xff, 0xff, 0x3fff));
        assertThrows(IllegalArgumentException.class, () -> Ioctl.iow(0x100, 1, 4));
        assertThrows(IllegalArgumentException.class, () -> Ioctl.iow(0x98, 0x100, 4));
        assertThrows(IllegalArgumentException.class, () -> Ioctl.iow(0x98, 1, 0x4000));
    }

    @Test
    void pollfd_has_eight_bytes() {
        assertEquals(8, PollFds.POLLFD.byteSize());
        assertEquals(0, PollFds.POLLFD.byteOffset(groupElement("fd")));
        assertEquals(4, PollFds.POLLFD.byteOffset(groupElement("events")));
        assertEquals(6, PollFds.POLLFD.byteOffset(groupElement("revents")));
    }

    @Test
    void timespec_has_sixteen_bytes() {
        assertEquals(16, LibC.TIMESPEC.byteSize());
        assertEquals(8, LibC.TIMESPEC.byteOffset(groupElement("tv_nsec")));
    }
}
