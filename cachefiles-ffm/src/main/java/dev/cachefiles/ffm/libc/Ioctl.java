// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm.libc;

import static java.lang.foreign.ValueLayout.JAVA_INT;

/** Builds ioctl numbers as include/uapi/asm-generic/ioctl.h does for x86-64, aarch64 and riscv64. */
public final class Ioctl {
    private static final int WRITE = 1;
    private static final int NUMBER_BITS = 8;
    private static final int TYPE_BITS = 8;
    private static final int SIZE_BITS = 14;

    /** {@code CACHEFILES_IOC_READ_COMPLETE} of include/uapi/linux/cachefiles.h. */
    public static final long READ_COMPLETE = iow(0x98, 1, JAVA_INT.byteSize());

    private Ioctl() {}

    /** {@code _IOW(type, number, argument)} for an argument of so many bytes. */
    static long iow(int type, int number, long argumentSize) {
        if (type >>> TYPE_BITS != 0 || number >>> NUMBER_BITS != 0 || argumentSize >>> SIZE_BITS != 0) {
            throw new IllegalArgumentException("no ioctl number: type " + type + ", number " + number + ", argument of "
                    + argumentSize + " bytes");
        }
        int typeShift = NUMBER_BITS;
        int sizeShift = typeShift + TYPE_BITS;
        int directionShift = sizeShift + SIZE_BITS;
        return ((long) WRITE << directionShift) | (argumentSize << sizeShift) | ((long) type << typeShift) | number;
    }
}
