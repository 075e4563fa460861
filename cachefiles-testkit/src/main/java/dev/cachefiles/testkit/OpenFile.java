// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.testkit;

/**
 * A file that fds of one or several processes stand for, {@code struct file}: released with the last of them.
 *
 * <p>Guarded by the kernel's lock.
 */
final class OpenFile {
    private final Runnable release;
    private int fds = 1;

    OpenFile(Runnable release) {
        this.release = release;
    }

    /** One more fd stands for it. */
    void share() {
        fds++;
    }

    /** An fd was closed; the release may give up the kernel's lock for a while. */
    void close() {
        fds--;
        if (fds == 0) {
            release.run();
        }
    }
}
