// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.spi;

import java.util.concurrent.locks.LockSupport;

/** The clock of the machine. */
final class SystemTime implements TimeSource {
    static final SystemTime INSTANCE = new SystemTime();

    private SystemTime() {}

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void parkUntil(Object blocker, long time) {
        LockSupport.parkNanos(blocker, time - System.nanoTime());
    }
}
