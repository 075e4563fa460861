// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

/** Which kernel's behaviour a {@link FakeKernel} shows, where kernels differ. */
public enum KernelProfile {

    /** Linux 6.1: a write at an offset that is no multiple of a page lands at the page's start, without an error. */
    LINUX_6_1(true),

    /** Linux 6.12: a write at an offset that is no multiple of a page fails with {@code ENOBUFS}. */
    LINUX_6_12(false);

    private final boolean shiftsMisalignedOffsets;

    KernelProfile(boolean shiftsMisalignedOffsets) {
        this.shiftsMisalignedOffsets = shiftsMisalignedOffsets;
    }

    boolean shiftsMisalignedOffsets() {
        return shiftsMisalignedOffsets;
    }
}
