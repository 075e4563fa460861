// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.ffm.libc;

import java.util.Locale;

/**
 * Flags of open(2) whose numbers depend on the architecture: include/uapi/asm-generic/fcntl.h for x86-64 and riscv64,
 * arch/arm64/include/uapi/asm/fcntl.h for aarch64.
 *
 * @param directory {@code O_DIRECTORY}
 * @param noFollow  {@code O_NOFOLLOW}
 */
record OpenFlags(int directory, int noFollow) {
    static final OpenFlags HERE = of(System.getProperty("os.arch"));

    static OpenFlags of(String architecture) {
        return architecture.toLowerCase(Locale.ROOT).equals("aarch64")
                ? new OpenFlags(0x4000, 0x8000)
                : new OpenFlags(0x10000, 0x20000);
    }
}
