// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles;

/**
 * What the kernel's module can write into the kernel's log about its own work.
 *
 * @see CachefilesChannel#debug
 * @see <a href="https://docs.kernel.org/filesystems/caching/cachefiles.html">CacheFiles, section "Debugging"</a>
 */
public enum KernelDebug {
    /** Each call of its functions, with arguments ({@code CACHEFILES_DEBUG_KENTER}). */
    ENTRY(1),

    /** Each return of its functions, with the result ({@code CACHEFILES_DEBUG_KLEAVE}). */
    EXIT(2),

    /** What its functions find between ({@code CACHEFILES_DEBUG_KDEBUG}). */
    GENERAL(4);

    private final int bit;

    KernelDebug(int bit) {
        this.bit = bit;
    }

    int bit() {
        return bit;
    }
}
