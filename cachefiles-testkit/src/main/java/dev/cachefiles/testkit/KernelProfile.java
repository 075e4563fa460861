// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

/**
 * Which kernel's behaviour a {@link FakeKernel} shows, where kernels differ. Of each release the last known version is
 * meant, with the corrections that it has received.
 */
public enum KernelProfile {

    /**
     * Linux 5.19, the first with the on-demand mode, as it was released. Against {@link #LINUX_6_12}:
     *
     * <ul>
     *   <li>there is no command {@code restore};
     *   <li>the id of a message is used again as soon as its request has ended, and of several messages the one with the
     *       lowest id comes first;
     *   <li>poll reports a message for as long as any request is not answered;
     *   <li>READ_COMPLETE ends any request, and so does copen, also one that was not delivered;
     *   <li>when an anonymous fd is closed, every READ that is not answered fails, those of other objects too; its object
     *       is not opened again, and further READs of it fail at once;
     *   <li>copen succeeds though the fd was closed; and with an error number that is none;
     *   <li>a write at an offset that is no multiple of a page lands at the page's start;
     *   <li>a write that writes anything is reported as whole, rounded up to pages;
     *   <li>a reader cannot be killed while it waits;
     *   <li>an error of the cache's disk leaves requests unanswered until the device closes.
     * </ul>
     */
    LINUX_5_19,

    /** Linux 6.1: a write at an offset that is no multiple of a page lands at the page's start, without an error. */
    LINUX_6_1,

    /** Linux 6.12: a write at an offset that is no multiple of a page fails with {@code ENOBUFS}. */
    LINUX_6_12;

    boolean has(Quirk quirk) {
        return switch (this) {
            case LINUX_5_19 -> true;
            case LINUX_6_1 -> quirk == Quirk.SHIFTS_MISALIGNED_WRITES;
            case LINUX_6_12 -> false;
        };
    }

    /** What older kernels do otherwise than the newest. */
    enum Quirk {
        NO_RESTORE,
        REUSES_MESSAGE_IDS,
        POLLS_FOR_ANY_REQUEST,
        TAKES_ANY_ANSWER,
        NEVER_REOPENS,
        SHIFTS_MISALIGNED_WRITES,
        REPORTS_WHOLE_WRITES,
        READERS_UNKILLABLE,
        KEEPS_REQUESTS_WHEN_DEAD
    }
}
